"""`GET /health`: whether this server can do its work, for monitors and load balancers. Says nothing that is private."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import Error as DatabaseTrouble
from django.db import connection
from django.http import HttpRequest, JsonResponse
from django.urls import path
from django.views.decorators.http import require_safe

from labelkeep import clock
from labelkeep.operations.models import Operation, Status, Worker

RECENT = timedelta(seconds=20)  # a worker says that it is there every 5 s


@require_safe
def health(request: HttpRequest) -> JsonResponse:
    """200 when database, store and workers are all there, else 503; the body says which are."""
    now = clock.now()
    checks: dict[str, Callable[[datetime], str]] = {"database": _database, "store": _store, "workers": _workers}
    found = {name: check(now) for name, check in checks.items()}
    well = all(state == "ok" for state in found.values())
    return JsonResponse({"status": "ok" if well else "failing", **found}, status=200 if well else 503)


def _database(now: datetime) -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseTrouble:
        return "does not answer"
    return "ok"


def _store(now: datetime) -> str:
    folder = Path(settings.DATA_DIR) / "store"
    try:
        with tempfile.TemporaryFile(dir=folder if folder.exists() else settings.DATA_DIR) as file:
            file.write(b"\0" * 4096)
            file.flush()
    except OSError as error:
        return f"cannot be written: {error.strerror}"
    return "ok"


def _workers(now: datetime) -> str:
    try:
        alive = (
            Worker.objects.filter(seen_date__gte=now - RECENT).exists()
            or Operation.objects.filter(status=Status.STARTED, lease_until__gte=now).exists()
        )
    except DatabaseTrouble:
        return "unknown"
    return "ok" if alive else "none heard of lately"


urlpatterns = [path("health", health)]
