"""A real S3 server for tests: SeaweedFS from its wheel, on loopback, one for all workers of a test run.

The first worker that needs it starts it, the last one that used it ends it, by its process id. The number of users is
kept in a file under a lock.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

KEY, SECRET, BUCKET = "labelkeep", "labelkeep-secret", "tests"
_ACTIONS = ["Admin", "Read", "List", "Tagging", "Write"]


@dataclass(frozen=True)
class Seaweed:
    """A running server."""

    s3: int

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.s3}"

    def new_place(self) -> str:
        """The URL of an empty place: a prefix of its own in the one bucket (each bucket would take seven volumes)."""
        return f"s3://{BUCKET}/{uuid.uuid4().hex[:12]}?endpoint={self.endpoint}&region=us-east-1"


@pytest.fixture(scope="session")
def seaweed() -> Iterator[Seaweed]:
    """The server of this test run."""
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID") or uuid.uuid4().hex
    folder = Path(tempfile.gettempdir()) / f"labelkeep-seaweed-{run[:12]}"
    with _state(folder) as state:
        if not state:
            state.update(_start(folder))
        state["users"] = state.get("users", 0) + 1
        server = Seaweed(state["s3"])
    try:
        yield server
    finally:
        with _state(folder) as state:
            state["users"] -= 1
            if not state["users"]:
                _stop(state["pid"])
                for port in state["ports"]:
                    for socket_file in Path("/tmp").glob(f"seaweedfs-*-{port}.sock"):  # it always leaves them there
                        socket_file.unlink(missing_ok=True)
                shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _state(folder: Path) -> Iterator[dict[str, Any]]:
    """What the workers know of the server together; changes are kept. The lock is one for all runs and stays."""
    with open(folder.parent / f"labelkeep-seaweed-{os.getuid()}.lock", "a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        folder.mkdir(exist_ok=True)
        file = folder / "state.json"
        state = json.loads(file.read_text()) if file.exists() else {}
        try:
            yield state
        finally:
            if folder.exists():
                file.write_text(json.dumps(state))


def _start(folder: Path) -> dict[str, Any]:
    program = shutil.which("weed") or str(Path(sys.executable).parent / "weed")
    ports = dict(zip(("master", "volume", "filer", "s3"), _free_ports(4), strict=True))
    identity = {"name": KEY, "credentials": [{"accessKey": KEY, "secretKey": SECRET}], "actions": _ACTIONS}
    (folder / "s3.json").write_text(json.dumps({"identities": [identity]}))
    data = folder / "data"
    data.mkdir(exist_ok=True)
    command = [
        program,
        "-logtostderr=true",
        "server",
        f"-dir={data}",
        "-ip=127.0.0.1",
        "-ip.bind=127.0.0.1",
        "-filer",
        "-s3",
    ]
    command += [f"-{name}.port={port}" for name, port in ports.items()]
    command += [f"-s3.config={folder / 's3.json'}", "-master.volumeSizeLimitMB=1024", "-volume.max=20"]
    command += ["-s3.port.iceberg=0", "-s3.port.lance=0", "-master.telemetry=false"]  # else fixed ports, and calls home
    with open(folder / "log", "wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
    try:
        _wait_until_it_answers(process, ports["s3"], folder / "log")
        _make_bucket(ports["filer"])
    except BaseException:
        _stop(process.pid)
        shutil.rmtree(folder, ignore_errors=True)
        raise
    taken = [number + more for number in ports.values() for more in (0, 10000)]
    return {"pid": process.pid, "s3": ports["s3"], "ports": taken}


def _wait_until_it_answers(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    for _ in range(600):
        if process.poll() is not None:
            break
        with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=2):
            return
        time.sleep(0.1)
    raise RuntimeError(f"SeaweedFS does not start:\n{log.read_text(errors='replace')[-2000:]}")


def _make_bucket(filer: int) -> None:
    """To SeaweedFS a bucket is a folder of its filer."""
    request = urllib.request.Request(f"http://127.0.0.1:{filer}/buckets/{BUCKET}/", method="POST")
    urllib.request.urlopen(request, timeout=20).read()


def _stop(pid: int) -> None:
    """End the server and wait for it, so that its folder can be removed."""
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)  # it would take seconds to tidy data that nobody wants any more
    for _ in range(20):
        with suppress(ChildProcessError):
            os.waitpid(pid, os.WNOHANG)
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        time.sleep(0.05)


def _free_ports(count: int) -> list[int]:
    """Free ports below 32768 whose double, 10000 higher, is free too: SeaweedFS takes that one for gRPC."""
    found: list[int] = []
    candidate = 20000 + os.getpid() % 5000
    while len(found) < count:
        candidate += 1
        if all(_is_free(port) for port in (candidate, candidate + 10000)):
            found.append(candidate)
    return found


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
