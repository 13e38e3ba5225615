"""Webhooks on a real HTTP receiver: signed, tried until it is there, for those who may know, never to the inside."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.test import override_settings
from tests.support.api import organization_of
from tests.support.hosts import Host, answers, host
from tests.support.projects import NOW, a_project, a_task

from labelkeep import clock
from labelkeep.accounts.actor import Actor
from labelkeep.accounts.models import Organization, User
from labelkeep.operations.models import Operation
from labelkeep.operations.run import run_queued
from labelkeep.projects.models import Project
from labelkeep.schedules.actions.keep_webhook import create_webhook, renew_secret, update_webhook
from labelkeep.schedules.actions.send_webhook import ping_webhook, redeliver
from labelkeep.schedules.alerts import source_of
from labelkeep.schedules.delivering import ATTEMPTS
from labelkeep.schedules.models import Alert, Delivery, Due, Webhook
from labelkeep.schedules.upkeep import forget_old
from labelkeep.schedules.watch import failed
from labelkeep.snapshots.capture import capture
from labelkeep.snapshots.models import Backup

Json = dict[str, Any]
PRIVATE = ("127.0.0.0/8",)


@pytest.fixture(autouse=True)
def _loopback_is_allowed() -> Iterator[None]:
    with override_settings(CONFIGURATION=settings.CONFIGURATION.__class__(allow_private_addresses=PRIVATE)):
        yield


@pytest.fixture
def receiver() -> Iterator[Host]:
    with host({"/hook": answers(204), "/hook?key=s3cret": answers(204)}) as there:
        yield there


@pytest.fixture
def project(alice: User) -> Project:
    project = a_project(alice)
    a_task(alice, project=project, frames=1)
    return project


def hooked(owner: User, url: str, organization: Organization | None = None, **more: Any) -> tuple[Webhook, str]:
    actor = Actor.of(owner, organization) if organization else Actor.of(owner)
    return create_webhook(actor=actor, now=NOW, url=url, **more)


def backed_up(owner: User, project: Project, moment: datetime = NOW) -> Backup:
    return capture(actor=Actor.of(owner), kind="project", id=project.pk, now=moment)


def fail(backup: Backup) -> None:
    """The next backup of the same source fails."""
    Due.objects.get_or_create(source_uuid=backup.source_uuid)
    later = backup.created_date + timedelta(days=1)
    assert failed(source_of(backup), "the disk is full", later, later)


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> Callable[[datetime], None]:
    """What workers do at a moment."""

    def at(moment: datetime) -> None:
        monkeypatch.setattr(clock, "now", lambda: moment)
        run_queued()

    return at


def events(there: Host) -> list[str]:
    return [json.loads(body)["event"] for body in there.bodies]


def test_a_backup_is_told_with_a_signature_that_the_receiver_can_check(
    alice: User, project: Project, receiver: Host
) -> None:
    webhook, secret = hooked(alice, receiver.url("/hook"))
    backup = backed_up(alice, project)
    run_queued()
    (body,), ((path, headers),) = receiver.bodies, receiver.asked
    assert path == "/hook"
    assert headers["X-Labelkeep-Signature"] == "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    told = json.loads(body)
    assert told["event"] == headers["X-Labelkeep-Event"] == "backup.completed"
    assert told["data"]["backup"] == str(backup.pk)
    assert told["data"]["source"] == {"kind": "project", "uuid": str(project.uuid), "id": project.pk, "name": "zoo"}
    assert abs(datetime.fromisoformat(told["sent_date"]) - clock.now()) < timedelta(minutes=1)
    delivery = Delivery.objects.get(webhook=webhook)
    assert (delivery.state, delivery.attempts, delivery.status, delivery.error) == ("delivered", 1, 204, "")
    assert headers["X-Labelkeep-Delivery"] == told["delivery"] == str(delivery.pk)


def test_every_alert_is_told_once(alice: User, project: Project, receiver: Host) -> None:
    hooked(alice, receiver.url("/hook"))
    backup = backed_up(alice, project)
    fail(backup)
    run_queued()
    assert sorted(events(receiver)) == ["backup.completed", "backup.failed"]
    told = next(json.loads(body) for body in receiver.bodies if b"backup.failed" in body)
    assert told["data"]["message"] == "The backup of project 'zoo' failed: the disk is full"
    assert told["data"]["alert"] == Alert.objects.get().pk


def test_a_receiver_that_was_down_is_told_when_it_is_back(
    alice: User, project: Project, work: Callable[[datetime], None]
) -> None:
    with host({}) as gone:
        port = gone.port
    webhook, _ = hooked(alice, gone.url("/hook"))
    backed_up(alice, project)
    work(NOW)
    work(NOW)  # the pause before the next attempt is not over
    delivery = Delivery.objects.get(webhook=webhook)
    assert (delivery.state, delivery.attempts, delivery.status) == ("waiting", 1, None)
    assert "cannot be reached: it cannot be connected to" in delivery.error
    with host({"/hook": answers(503)}, port=port):
        work(NOW + timedelta(hours=1))
    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempts, delivery.status) == ("waiting", 2, 503)
    with host({"/hook": answers(200)}, port=port) as back:
        work(NOW + timedelta(hours=2))
    assert events(back) == ["backup.completed"]
    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempts, delivery.status, delivery.error) == ("delivered", 3, 200, "")


def test_a_receiver_that_never_comes_back_is_given_up_and_can_be_told_again_by_hand(
    alice: User, project: Project, work: Callable[[datetime], None]
) -> None:
    with host({}) as gone:
        port = gone.port
    hooked(alice, gone.url("/hook"))
    backed_up(alice, project)
    for day in range(ATTEMPTS + 3):
        work(NOW + timedelta(days=day))
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.attempts) == ("failed", ATTEMPTS)
    with host({"/hook": answers(200)}, port=port) as back:
        redeliver(actor=Actor.of(alice), id=delivery.pk, now=clock.now())
        run_queued()
    assert len(back.bodies) == 1
    delivery.refresh_from_db()
    assert delivery.state == "delivered"


def test_no_redirect_is_followed(alice: User, receiver: Host) -> None:
    with host({"/hook": answers(307, Location=receiver.url("/hook"))}) as sly:
        webhook, _ = hooked(alice, sly.url("/hook"))
        ping_webhook(actor=Actor.of(alice), id=webhook.pk, now=clock.now())
        run_queued()
    assert receiver.bodies == []
    assert Delivery.objects.get().error == "The receiver answered 307"


def test_an_address_inside_the_operators_network_is_never_asked(alice: User, receiver: Host) -> None:
    with override_settings(CONFIGURATION=settings.CONFIGURATION.__class__()):
        webhook, _ = hooked(alice, receiver.url("/hook"))
        ping_webhook(actor=Actor.of(alice), id=webhook.pk, now=clock.now())
        run_queued()
    assert receiver.asked == []
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.attempts) == ("failed", 1)
    assert "cannot be reached: its address is a private one" in delivery.error


def test_only_the_events_that_are_wanted_are_told(alice: User, project: Project, receiver: Host) -> None:
    hooked(alice, receiver.url("/hook"), events=["backup.failed"])
    hooked(alice, receiver.url("/hook"), enabled=False)
    fail(backed_up(alice, project))
    run_queued()
    assert events(receiver) == ["backup.failed"]


def test_a_webhook_that_is_disabled_meanwhile_is_told_nothing(alice: User, project: Project, receiver: Host) -> None:
    webhook, _ = hooked(alice, receiver.url("/hook"))
    backed_up(alice, project)
    update_webhook(actor=Actor.of(alice), id=webhook.pk, enabled=False)
    run_queued()
    assert receiver.bodies == []
    assert Delivery.objects.get().state == "failed"


def test_a_new_secret_signs_from_then_on(alice: User, project: Project, receiver: Host) -> None:
    webhook, old = hooked(alice, receiver.url("/hook"))
    new = renew_secret(actor=Actor.of(alice), id=webhook.pk)
    ping_webhook(actor=Actor.of(alice), id=webhook.pk, now=clock.now())
    run_queued()
    signed = receiver.asked[0][1]["X-Labelkeep-Signature"]
    assert new != old
    assert signed == "sha256=" + hmac.new(new.encode(), receiver.bodies[0], hashlib.sha256).hexdigest()


def test_neither_the_secret_nor_the_query_stands_in_a_log_or_an_error(
    alice: User, project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    with host({}) as gone:
        pass
    _, secret = hooked(alice, gone.url("/hook?key=s3cret", login="me:pa55word"))
    backed_up(alice, project)
    run_queued()
    written = "".join(capsys.readouterr()) + Delivery.objects.get().error + Operation.objects.latest("pk").message
    assert "webhook.failed" in written
    for hidden in ("s3cret", "pa55word", secret):
        assert hidden not in written
    assert secret not in json.dumps([str(value) for value in Webhook.objects.values().get().values()])


# ---- for those who may know ----------------------------------------------------------------------------------------


def test_owner_member_and_stranger(alice: User, bob: User, charlie: User, project: Project, receiver: Host) -> None:
    Project.objects.filter(pk=project.pk).update(assignee=bob)
    for user in (bob, charlie):
        hooked(user, receiver.url("/hook"))
    backed_up(alice, project)
    run_queued()
    assert receiver.bodies == []
    hooked(alice, receiver.url("/hook"))
    backed_up(alice, project, NOW + timedelta(hours=1))
    run_queued()
    assert events(receiver) == ["backup.completed"]


def test_one_of_an_organization_is_told_of_that_alone(alice: User, charlie: User, receiver: Host) -> None:
    acme = organization_of(charlie, supervisor=alice)
    inside, outside = a_project(alice, organization=acme), a_project(alice)
    webhook, _ = hooked(charlie, receiver.url("/hook"), acme)
    backed_up(alice, outside)
    backup = backed_up(alice, inside)
    run_queued()
    assert [json.loads(body)["data"]["backup"] for body in receiver.bodies] == [str(backup.pk)]
    assert webhook.organization_id == acme.pk


def test_who_has_lost_the_project_is_told_no_more(alice: User, bob: User, project: Project, receiver: Host) -> None:
    hooked(alice, receiver.url("/hook"))
    Project.objects.filter(pk=project.pk).update(owner=bob)
    backed_up(bob, project)
    run_queued()
    assert receiver.bodies == []


def test_an_admin_is_told_of_all_and_nobody_who_is_deactivated(
    alice: User, charlie: User, project: Project, receiver: Host
) -> None:
    hooked(alice, receiver.url("/hook"))
    hooked(charlie, receiver.url("/hook"))
    User.objects.filter(pk=charlie.pk).update(is_superuser=True)
    User.objects.filter(pk=alice.pk).update(is_active=False)
    backed_up(alice, project)
    run_queued()
    assert Delivery.objects.get().webhook.owner == charlie


def test_deliveries_that_ended_long_ago_are_forgotten(alice: User, project: Project, receiver: Host) -> None:
    hooked(alice, receiver.url("/hook"))
    backed_up(alice, project, NOW)
    run_queued()
    assert forget_old(NOW + timedelta(days=29)) == 0
    assert forget_old(NOW + timedelta(days=31)) == 1
