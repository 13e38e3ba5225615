"""Multipart bodies as the stock client writes them: file names are whole paths."""

from __future__ import annotations

from collections.abc import Mapping, Sequence


def multipart(fields: Mapping[str, str], files: Sequence[tuple[str, str, bytes]]) -> tuple[bytes, str]:
    """The body and its content type; `files` are (form name, file name, bytes)."""
    lines: list[bytes] = []
    for name, value in fields.items():
        lines.append(f'--sep\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode())
    for name, filename, data in files:
        head = f'--sep\r\nContent-Disposition: form-data; name="{name}"; filename="{filename}"\r\n'
        lines.append(head.encode() + b"Content-Type: application/octet-stream\r\n\r\n" + data + b"\r\n")
    return b"".join(lines) + b"--sep--\r\n", "multipart/form-data; boundary=sep"
