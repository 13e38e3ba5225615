"""The implementations that the suite runs against: a directory, memory, and a real S3 server."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.support.seaweed import KEY, SECRET, seaweed

from labelkeep.store.backends import Backend, open_backend

__all__ = ["seaweed"]


@pytest.fixture(params=["local", "memory", "s3"])
def backend(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Backend:
    make: Callable[[], Backend] = {
        "local": lambda: open_backend(tmp_path / "store"),
        "memory": lambda: open_backend("memory://"),
        "s3": lambda: _s3(request, monkeypatch),
    }[request.param]
    return make()


def _s3(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Backend:
    server = request.getfixturevalue("seaweed")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    return open_backend(server.new_place())
