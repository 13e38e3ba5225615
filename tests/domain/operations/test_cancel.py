"""Cancelling, through the verb that every front uses."""

from __future__ import annotations

from datetime import datetime

import pytest
from tests.support.operations import an_operation

from labelkeep.accounts.actor import Actor
from labelkeep.accounts.models import User
from labelkeep.errors import BadInput, Forbidden
from labelkeep.media.ingest import DataParams
from labelkeep.media.models import Upload, UploadChunk
from labelkeep.operations.cancel import cancel_operation
from labelkeep.operations.models import Operation, Status
from labelkeep.operations.run import run_queued


def test_only_its_owner_or_an_admin_may(alice: User, bob: User, charlie: User, now: datetime) -> None:
    operation = an_operation(alice, now)
    with pytest.raises(Forbidden):
        cancel_operation(actor=Actor.of(charlie), operation=operation, now=now)
    assert Operation.objects.get().status == Status.QUEUED
    bob.is_superuser = True
    cancel_operation(actor=Actor.of(bob), operation=operation, now=now)
    assert Operation.objects.get().status == Status.CANCELLED


def test_what_has_ended_says_so(alice: User, now: datetime) -> None:
    operation = an_operation(alice, now, kind="export:nobody")
    run_queued(now)
    with pytest.raises(BadInput, match="not yet ended"):
        cancel_operation(actor=Actor.of(alice), operation=operation, now=now)


def test_uploads_that_were_sent_for_a_task_are_freed_at_once(alice: User, now: datetime) -> None:
    from tests.support.projects import a_task, upload

    from labelkeep.projects.actions.attach_data import attach_data

    task = a_task(alice, frames=0)
    ids = upload(Actor.of(alice), task, {"a.png": b"x" * 1000}, now)
    operation = attach_data(actor=Actor.of(alice), now=now, task=task, params=DataParams(), upload_ids=ids)
    cancel_operation(actor=Actor.of(alice), operation=operation, now=now)
    assert not Upload.objects.exists()
    assert not UploadChunk.objects.exists()
    assert run_queued(now) == []
