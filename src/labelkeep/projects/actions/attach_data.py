"""Give a task its frames: an operation reads the files that were sent, then one transaction writes data and jobs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import chain
from typing import Any

import msgspec
from django.conf import settings
from django.db import transaction

from labelkeep import clock
from labelkeep.accounts.actor import Actor
from labelkeep.accounts.permissions import Subject, require
from labelkeep.errors import BadInput, NotFound
from labelkeep.media import uploads, vault
from labelkeep.media.guard import Guard
from labelkeep.media.ingest import DataParams, Staged, ingest, of_share, of_uploads
from labelkeep.media.models import Upload
from labelkeep.operations import keys
from labelkeep.operations.models import Operation
from labelkeep.operations.start import start
from labelkeep.operations.work import Work
from labelkeep.projects.actions.start_data import NO_MORE_DATA
from labelkeep.projects.holding import hold_task
from labelkeep.projects.models import Task
from labelkeep.projects.new_data import Prepared, prepare, write
from labelkeep.projects.queries.subjects import subject_of
from labelkeep.projects.quotas import Home, room

KIND = "create:task"
PURPOSE = "task-data"  # of the uploads
DELETED = "The task was deleted before its data had arrived"
KEPT = timedelta(days=7)  # uploads that an operation will read: longer than any queue


def attach_data(
    *, actor: Actor, now: datetime, task: Task, params: DataParams, upload_ids: Sequence[str] = ()
) -> Operation:
    """Start making frames and jobs from uploads of the actor's, files of the server's share or of other addresses.

    The task has them when the operation has finished, or, when it has failed, is as it was.

    Raises:
        Forbidden: the actor may not bring data.
        BadInput: the task has its frames already, or nothing was sent.
        NotFound: an upload is not there, or not the actor's, or not for this task.
        Conflict: the quota does not allow so much.
        AlreadyRunning: an earlier attempt is still at it.
    """
    require(actor, "task:upload-data", subject_of(task))
    if task.has_data:
        raise BadInput(NO_MORE_DATA)
    if not upload_ids and not params.server_files and not params.remote_files:
        raise BadInput("No media data found")
    if params.server_files:
        require(actor, "share:view", Subject())
    _check_own(actor, task, upload_ids)
    room(Home.of(task)).require(bytes=sum(Upload.objects.filter(pk__in=upload_ids).values_list("length", flat=True)))
    uploads.prolong(upload_ids, now + KEPT)
    with transaction.atomic():
        Task.objects.filter(pk=task.pk).update(data_started=True)
        return start(
            kind=KIND,
            key=keys.create_task(task.pk),
            actor=actor,
            now=now,
            target="task",
            params={"uploads": list(upload_ids), "data": msgspec.to_builtins(params)},
            project_id=task.project_id,
            task_id=task.pk,
            organization_id=task.organization_id,
        )


def _check_own(actor: Actor, task: Task, upload_ids: Sequence[str]) -> None:
    own = Upload.objects.filter(owner_id=actor.id, purpose=PURPOSE, target_id=task.pk).values_list("pk", flat=True)
    if not set(upload_ids) <= set(own):
        raise NotFound("No such file were uploaded")


def run(operation: Operation, work: Work) -> dict[str, Any]:
    """The handler of `create:task`. Started again after a crash, it begins anew: nothing shows before the end.

    Raises:
        BadInput: the files cannot become frames; the message says why.
        Cancelled: nothing was written.
    """
    return _attach(operation, work, operation.params["uploads"])


def free(operation: Operation) -> None:
    """Forget the uploads, and the addresses with what secrets they hold, when the operation has ended."""
    uploads.discard(operation.params["uploads"])
    if operation.params["data"].get("remote_files"):
        data = {**operation.params["data"], "remote_files": []}
        Operation.objects.filter(pk=operation.pk).update(params={**operation.params, "data": data})


def _attach(operation: Operation, work: Work, upload_ids: Sequence[str]) -> dict[str, Any]:
    task = Task.objects.filter(pk=operation.task_id or 0).first()
    if task is None:
        raise BadInput(DELETED)
    params = msgspec.convert(operation.params["data"], DataParams)
    store = vault.live()
    staged = _staged(upload_ids, params, work)
    done = ingest(staged, params, store=store, work=work, segment_size=task.segment_size)
    prepared = prepare(task, done, store.get_document)
    room(Home.of(task)).require(bytes=prepared.media_size)
    with work.publish() as publication:
        _write(_held(task), prepared)
        result = {"task_id": task.pk, "findings": [finding.to_json() for finding in done.findings]}
        publication.finish(result)
    return result


def _held(task: Task) -> Task:
    try:
        return hold_task(task.pk)
    except NotFound as error:
        raise BadInput(DELETED) from error


def _write(task: Task, prepared: Prepared) -> None:
    if task.has_data:
        raise BadInput(NO_MORE_DATA)
    others = Task.objects.filter(project=task.project_id, has_data=True).exclude(pk=task.pk)
    if task.project_id is not None and others.exclude(dimension=prepared.done.dimension).exists():
        raise BadInput(f"The project holds tasks that are not {prepared.done.dimension}")
    write(task, prepared, clock.now())


def _staged(upload_ids: Sequence[str], params: DataParams, work: Work) -> Iterator[Staged]:
    share = of_share(
        settings.CONFIGURATION.share_dir,
        params.server_files,
        exclude=params.server_files_exclude,
        pattern=params.filename_pattern,
    )
    return chain(
        of_uploads(upload_ids) if upload_ids else (),
        share if params.server_files else (),
        _fetched(params.remote_files, work) if params.remote_files else (),
    )


def _fetched(urls: Sequence[str], work: Work) -> Iterator[Staged]:
    from labelkeep.media import remote  # the network's libraries are for workers alone

    def told(done: int, share: float) -> None:
        work.progress(0.8 * (done + share) / len(urls), f"Files are being fetched: {done} of {len(urls)}")

    guard = Guard.of(settings.CONFIGURATION.allow_private_addresses)
    return remote.of_remote(urls, guard, remote.Limits(uploads.limit()), work.tmp, told)
