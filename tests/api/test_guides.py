"""/api/guides and /api/assets: instructions for annotators, with pictures that are what they say."""

from __future__ import annotations

import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image
from tests.support.api import client_for
from tests.support.projects import NOW, a_project, a_task, jobs_of, picture
from tests.support.sdk import parsed

from labelkeep.projects.actions.create_asset import MAX_ASSETS
from labelkeep.projects.models import Asset, Guide, Job


@pytest.fixture
def guide(alice):
    return client_for(alice).post("/api/guides", {"project_id": a_project(alice).pk, "markdown": "# How"}).json()


def send(client, guide, content: bytes = b"", name: str = "a.png", **fields):
    file = SimpleUploadedFile(name, content or picture(), "text/html")
    return client.post("/api/assets", {"file": file, "guide_id": guide["id"], **fields}, format="multipart")


def test_the_client_takes_a_guide(alice, guide):
    says = client_for(alice)
    read = parsed("AnnotationGuideRead", says.get(f"/api/guides/{guide['id']}").content)
    assert (read.markdown, read.project_id, read.task_id) == ("# How", guide["project_id"], None)
    assert says.get(f"/api/projects/{guide['project_id']}").json()["guide_id"] == guide["id"]
    changed = says.patch(f"/api/guides/{guide['id']}", {"markdown": "new\n"}).json()
    assert changed["markdown"] == "new\n"
    assert changed["updated_date"] > guide["updated_date"]


def test_a_guide_belongs_to_one_thing_and_there_is_one(alice, guide):
    says = client_for(alice)
    assert says.post("/api/guides", {}).json() == ["One of project_id or task_id must be specified"]
    both = says.post("/api/guides", {"task_id": 1, "project_id": 1})
    assert both.json() == ["Both project_id and task_id must not be specified"]
    assert says.post("/api/guides", {"project_id": guide["project_id"]}).json() == ["There is a guide already"]
    assert says.post("/api/guides", {"task_id": 99999}).status_code == 404


def test_a_task_in_a_project_has_the_guide_of_the_project(alice, bob):
    project = a_project(alice)
    inside = a_task(alice, project=project, frames=1)
    says = client_for(alice)
    refused = says.post("/api/guides", {"task_id": inside.pk})
    assert refused.json() == ["The task is in a project; its guide is the guide of the project"]
    guide = says.post("/api/guides", {"project_id": project.pk}).json()
    job = jobs_of(inside)[0]
    assert says.get(f"/api/jobs/{job.pk}").json()["guide_id"] == guide["id"]
    assert client_for(bob).get(f"/api/guides/{guide['id']}").status_code == 403
    Job.objects.filter(pk=job.pk).update(assignee=bob)
    assert client_for(bob).get(f"/api/guides/{guide['id']}").status_code == 200
    assert client_for(bob).patch(f"/api/guides/{guide['id']}", {"markdown": "x"}).status_code == 403


def test_a_task_on_its_own_has_its_own_guide(alice):
    task = a_task(alice, frames=0)
    guide = client_for(alice).post("/api/guides", {"task_id": task.pk}).json()
    assert (guide["task_id"], guide["project_id"], guide["markdown"]) == (task.pk, None, "")
    assert client_for(alice).get(f"/api/tasks/{task.pk}").json()["guide_id"] == guide["id"]


def test_a_stranger_reads_and_writes_nothing(alice, charlie, guide):
    asset = send(client_for(alice), guide).json()
    says = client_for(charlie)
    assert says.post("/api/guides", {"project_id": guide["project_id"]}).status_code == 403
    assert says.get(f"/api/guides/{guide['id']}").status_code == 403
    assert says.patch(f"/api/guides/{guide['id']}", {}).status_code == 403
    assert says.delete(f"/api/guides/{guide['id']}").status_code == 403
    assert send(says, guide).status_code == 403
    assert says.get(f"/api/assets/{asset['uuid']}").status_code == 403
    assert says.delete(f"/api/assets/{asset['uuid']}").status_code == 403
    assert client_for().get(f"/api/assets/{asset['uuid']}").status_code == 401


def test_an_asset_comes_back_as_its_bytes_say_it_is(alice, guide):
    says = client_for(alice)
    answer = send(says, guide, picture(3), "../../etc/pass wd.html")
    assert answer.status_code == 201
    asset = parsed("AssetRead", answer.content)
    assert asset.filename == "pass wd.html"
    assert asset.owner.username == "alice"
    got = says.get(f"/api/assets/{asset.uuid}")
    assert got.content == picture(3)
    assert got.headers["Content-Type"] == "image/png"
    assert got.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in got.headers["Content-Security-Policy"]
    assert says.delete(f"/api/assets/{asset.uuid}").status_code == 204
    assert says.get(f"/api/assets/{asset.uuid}").status_code == 404


def test_a_large_picture_is_made_smaller(alice, guide):
    says = client_for(alice)
    asset = send(says, guide, picture(size=(4000, 1000), format="JPEG"), "big.jpg").json()
    with Image.open(io.BytesIO(says.get(f"/api/assets/{asset['uuid']}").content)) as image:
        assert image.size == (1920, 480)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"<svg onload='alert(1)'/>", "File is not supported as an asset"),
        (b"\x89PNG\r\n\x1a\n and nothing", "The picture cannot be read"),
        (b"%PDF-" + bytes(10 * 2**20), "Maximum size of asset is 10 MB"),
    ],
)
def test_what_is_no_asset_is_refused(alice, guide, content, sentence):
    answer = send(client_for(alice), guide, content)
    assert answer.status_code == 400
    assert sentence in answer.json()[0]
    assert not Asset.objects.exists()


def test_a_guide_has_so_many_assets_and_no_more(alice, guide):
    row = Guide.objects.get(pk=guide["id"])
    Asset.objects.bulk_create(
        Asset(guide=row, filename="a", blob="b3:" + "0" * 64, size=1, media_type="image/png", created_date=NOW)
        for _ in range(MAX_ASSETS)
    )
    answer = send(client_for(alice), guide)
    assert answer.json() == ["Maximum number of assets per guide reached"]


def test_assets_come_as_multipart_only(alice, guide):
    says = client_for(alice)
    assert says.post("/api/assets", {"guide_id": guide["id"]}).status_code == 415
    assert says.post("/api/assets", {"guide_id": guide["id"]}, format="multipart").status_code == 400
    assert send(says, {"id": "x"}).status_code == 400
    assert send(says, {"id": 999999}).status_code == 404


def test_a_body_that_is_far_too_large_is_not_read(alice, guide):
    answer = send(client_for(alice), guide, b"%PDF-" + bytes(11 * 2**20))
    assert answer.status_code == 400
    assert answer.json() == ["Maximum size of asset is 10 MB"]


def test_a_guide_goes_with_its_assets(alice, guide):
    send(client_for(alice), guide)
    assert client_for(alice).delete(f"/api/guides/{guide['id']}").status_code == 204
    assert not Asset.objects.exists()
