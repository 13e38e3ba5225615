"""A 550 MB archive: downloading it from a running server, and accepting it again."""

from __future__ import annotations

import shutil
import socket
import subprocess
import tempfile
import threading
import time
from pathlib import Path

import blake3
from isal import isal_zlib

from bench.files import archive_of, scale
from bench.harness import Row, alternate, repeat
from bench.site import NOW, open_site
from labelkeep.configuration import read
from labelkeep.media import vault
from labelkeep.snapshots.accept.accept import accept


def accepting(source: Path, folder: Path) -> None:
    """Accept into an empty store against cp and hashing."""
    from labelkeep.media.models import StoredObject

    def ours() -> None:
        spool = Path(tempfile.mkdtemp(dir=folder))
        with source.open("rb") as file:
            accept(file, kind="task", store=vault.live(), spool_dir=spool, now=NOW)
        shutil.rmtree(spool)

    def theirs() -> None:
        subprocess.run(["cp", source, folder / "copy.zip"], check=True)
        subprocess.run(["sync", "-f", folder / "copy.zip"], check=True)
        digest, crc = blake3.blake3(), 0
        with source.open("rb") as file:
            while piece := file.read(2**20):
                digest.update(piece)
                crc = isal_zlib.crc32(piece, crc)

    def empty() -> None:
        shutil.rmtree(read().data_dir / "store", ignore_errors=True)
        StoredObject.objects.all().delete()
        vault.reset()
        (folder / "copy.zip").unlink(missing_ok=True)

    mine, reference = alternate(ours, theirs, 5, clean=empty)
    row = Row(
        f"accept a {source.stat().st_size // 10**6} MB archive",
        "≤ 1.5 × cp + hashing",
        mine,
        reference,
        "cp; sync; BLAKE3; CRC-32",
    )
    row.within = (row.ratio or 9) <= 1.5
    row.emit()


def downloading(source: Path) -> None:
    """Download from a real server process against `cat` of the same bytes to a socket."""
    import urllib3
    from tests.support.server import running_server

    with running_server() as server:
        pool = urllib3.PoolManager(headers={"Authorization": f"Token {server.token}"})
        sent = pool.request(
            "POST", f"{server.url}/api/tasks/backup", fields={"task_file": ("large.zip", source.read_bytes())}
        )
        made = finished(pool, server.url, sent.json()["rq_id"])["result_id"]
        started = pool.request("POST", f"{server.url}/api/tasks/{made}/backup/export").json()
        url = finished(pool, server.url, started["rq_id"])["result_url"]
        size = int(pool.request("HEAD", url).headers["Content-Length"])

        def ours() -> None:
            with pool.request("GET", url, preload_content=False) as answer:
                drain(answer)

        def first_byte() -> None:
            with pool.request(
                "GET", url, preload_content=False, headers={**pool.headers, "Range": f"bytes={size // 2}-"}
            ) as answer:
                answer.read(1)

        mine, reference = alternate(ours, lambda: cat(source), 5)
        row = Row(
            f"download of a {size // 10**6} MB archive", "≥ 0.4 × cat (ratio ≤ 2.5)", mine, reference, "cat to a socket"
        )
        row.within = (row.ratio or 9) <= 2.5
        row.emit()
        first = repeat(first_byte, 10)
        row = Row("first byte of it, from its middle", "< 100 ms", first)
        row.within = min(first) < 0.1
        row.emit()


def drain(answer: object) -> None:
    """Read to the end."""
    while answer.read(2**20):  # type: ignore[attr-defined]
        pass


def cat(source: Path) -> None:
    """`cat` of the file into a loopback connection that this process reads."""
    listener = socket.create_server(("127.0.0.1", 0))

    def send() -> None:
        with socket.create_connection(listener.getsockname()) as target:
            subprocess.run(["cat", source], stdout=target.fileno(), check=True)

    sender = threading.Thread(target=send)
    sender.start()
    connection, _ = listener.accept()
    buffer = bytearray(2**20)
    while connection.recv_into(buffer):
        pass
    sender.join()
    connection.close()
    listener.close()


def finished(pool: object, url: str, rq_id: str) -> dict[str, object]:
    """Poll a request to its end."""
    from urllib.parse import quote

    while True:
        request = pool.request("GET", f"{url}/api/requests/{quote(rq_id, safe='')}").json()  # type: ignore[attr-defined]
        if request["status"] in ("finished", "failed"):
            assert request["status"] == "finished", request
            return request  # type: ignore[no-any-return]
        time.sleep(0.05)


if __name__ == "__main__":
    open_site()
    with tempfile.TemporaryDirectory(dir=read().data_dir) as made:
        large = archive_of(Path(made) / "large.zip", scale(1_800, 60), 305_000)
        accepting(large, Path(made))
        downloading(large)
