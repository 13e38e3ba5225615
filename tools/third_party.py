"""THIRD_PARTY.md: every package that is installed, its licence, and the libraries that its wheel carries.

Made from the installed packages' own metadata; libraries inside wheels have none, so their licences stand in BUNDLED.
A package or library without a known licence is an error: somebody has to look at it.
"""

from __future__ import annotations

import re
from importlib import metadata
from pathlib import Path

REQUIREMENTS = Path(__file__).parent.parent / "requirements"
PAGE = Path(__file__).parent.parent / "THIRD_PARTY.md"

# Licences of the shared libraries that wheels carry, from each project's own statement.
BUNDLED = {
    "libSvtAv1Enc": "BSD-3-Clause-Clear",
    "libXau": "MIT",
    "libasound": "LGPL-2.1-or-later",
    "libav": "GPL-3.0-or-later",
    "libsw": "GPL-3.0-or-later",
    "libavif": "BSD-2-Clause",
    "libbrotli": "MIT",
    "libdav1d": "BSD-2-Clause",
    "libdrm": "MIT",
    "libfreetype": "FTL",
    "libgfortran": "GPL-3.0-or-later WITH GCC-exception-3.1",
    "libgmp": "LGPL-3.0-or-later",
    "libgnutls": "LGPL-2.1-or-later",
    "libharfbuzz": "MIT",
    "libhogweed": "LGPL-3.0-or-later",
    "libjpeg": "IJG AND BSD-3-Clause",
    "liblcms2": "MIT",
    "liblzma": "0BSD",
    "libmp3lame": "LGPL-2.0-or-later",
    "libnettle": "LGPL-3.0-or-later",
    "libopencore": "Apache-2.0",
    "libopenjp2": "BSD-2-Clause",
    "libopus": "BSD-3-Clause",
    "libpdfium": "BSD-3-Clause AND Apache-2.0",
    "libpng16": "libpng-2.0",
    "libquadmath": "LGPL-2.1-or-later",
    "libscipy_openblas": "BSD-3-Clause",
    "libsharpyuv": "BSD-3-Clause",
    "libtiff": "libtiff",
    "libunistring": "LGPL-3.0-or-later",
    "libvpl": "MIT",
    "libvpx": "BSD-3-Clause",
    "libwebp": "BSD-3-Clause",
    "libx264": "GPL-2.0-or-later",
    "libx265": "GPL-2.0-or-later",
    "libxcb": "MIT",
    "libzstd": "BSD-3-Clause",
}

HEAD = """\
# Third-party software

Labelkeep is MIT-licensed and contains none of the code below: its packages are installed beside it, each under its own
licence, pinned with hashes in `requirements/`. Why each is there: docs/decisions/0002-dependencies.md. This page is
generated (`make docs`) from the packages' own metadata, and a test holds it true.

The wheel of `av` carries FFmpeg built together with x264 and x265, which are under the GPL. Labelkeep calls it through
its Python interface and does not distribute it; who ships an image with both has to follow the GPL for that part.
"""


def render() -> str:
    """The page."""
    server = _pinned("server.txt")
    development = [name for name in _pinned("dev.txt") if name not in server]
    parts = [HEAD, "## What the server runs on\n", _table(server), "## Libraries inside those wheels (Linux, x86-64)\n"]
    parts += [_bundled(server), "## What development and the tests add\n", _table(development)]
    return "\n".join(parts)


def _pinned(file: str) -> list[str]:
    lines = (REQUIREMENTS / file).read_text().splitlines()
    return [line.split("==")[0].split("[")[0] for line in lines if re.match(r"[a-z].*==", line)]


def _table(names: list[str]) -> str:
    rows = ["| package | version | licence |", "|---|---|---|"]
    rows += [f"| {name} | {metadata.version(name)} | {_licence(name)} |" for name in names]
    return "\n".join(rows) + "\n"


def _licence(name: str) -> str:
    about = metadata.metadata(name)
    classifiers = [item.split(" :: ")[-1] for item in about.get_all("Classifier") or [] if item.startswith("License")]
    text = about.get("License-Expression") or about.get("License") or " / ".join(classifiers)
    if not text:
        raise SystemExit(f"{name} states no licence: look at it, then decide")
    return text.splitlines()[0].strip()


def _bundled(names: list[str]) -> str:
    rows = ["| wheel | library | licence |", "|---|---|---|"]
    for name in names:
        rows += [f"| {name} | {library} | {_bundled_licence(library)} |" for library in _libraries(name)]
    return "\n".join(rows) + "\n"


def _libraries(name: str) -> list[str]:
    files = [
        Path(str(file)).name for file in metadata.files(name) or [] if re.search(r"(^|/)lib\w[^/]*\.so", str(file))
    ]
    return sorted({re.split(r"-[0-9a-f]{8}\.so|\.so", file)[0] for file in files})


def _bundled_licence(library: str) -> str:
    fitting = [prefix for prefix in BUNDLED if library.startswith(prefix)]
    if not fitting:
        raise SystemExit(f"{library} is carried by a wheel and its licence is not known: add it to BUNDLED")
    return BUNDLED[max(fitting, key=len)]


if __name__ == "__main__":
    PAGE.write_text(render())
