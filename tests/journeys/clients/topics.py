"""What people do with `cvat-sdk`, as one script that 2.80 and 2.15 can both run: topics, each telling what it saw.

Usage: topics.py URL USER PASSWORD TOKEN FOLDER. The folder holds `pictures/`, `clip.mp4`, `set.zip`, and in `address`
where one more picture can be fetched. Prints one JSON object: topic → what was seen, or the traceback under `error`.
"""

from __future__ import annotations

import io
import json
import sys
import traceback
import zipfile
from pathlib import Path
from typing import Any

from cvat_sdk import Client, make_client, models
from cvat_sdk.api_client import ApiClient, Configuration, exceptions
from cvat_sdk.core.exceptions import CvatSdkException
from cvat_sdk.core.proxies.annotations import AnnotationUpdateAction
from cvat_sdk.core.proxies.tasks import ResourceType
from cvat_sdk.version import VERSION
from PIL import Image

NEW = not VERSION.startswith("2.15")
QUICK = {"status_check_period": 0.05}


class Topics:
    """The topics, in order. What one makes the later ones use."""

    def __init__(self, url: str, user: str, password: str, token: str, folder: Path) -> None:
        self.url, self.user, self.password, self.token, self.folder = url, user, password, token, folder
        self.pictures = sorted((folder / "pictures").iterdir())
        self.client: Client
        self.project: Any = None
        self.task: Any = None

    # ---- who and where ---------------------------------------------------------------------------------------------

    def logins(self) -> Any:
        """Every way in that this version knows; and out."""
        with Client(self.url) as other:
            other.login((self.user, self.password))
            seen = {"password": other.users.retrieve_current_user().username}
            other.logout()
            seen["after logout"] = refusal(other.users.retrieve_current_user)
        with Client(self.url) as other:
            seen["wrong password"] = refusal(lambda: other.login((self.user, "not it")))
        with ApiClient(Configuration(host=self.url, username=self.user, password=self.password)) as low:
            seen["basic"] = low.users_api.retrieve_self()[0].username
        with ApiClient(Configuration(host=self.url)) as low:
            low.set_default_header("Authorization", f"Bearer {self.token}")
            seen["personal token"] = low.users_api.retrieve_self()[0].username
        if NEW:
            with make_client(self.url, access_token=self.token) as other:
                assert other.users.retrieve_current_user().username == self.user
                assert other.api_client.auth_api.retrieve_access_tokens_self()[0].name
        self.client = make_client(self.url, credentials=(self.user, self.password))  # a logout ends all log-ins by key
        self.client.config.status_check_period = 0.05
        return seen

    def server(self) -> Any:
        """What the server says of itself."""
        api = self.client.api_client.server_api
        formats, plugins = api.retrieve_annotation_formats()[0], api.retrieve_plugins()[0]
        return {
            "version": str(self.client.get_server_version()),
            "name": api.retrieve_about()[0].name,
            "formats": [len(formats.importers), len(formats.exporters)],
            "plugins": [plugins.analytics, plugins.models],
            "share": [(entry.name, str(entry.type), entry.mime_type) for entry in api.list_share()[0]],
            "below": [entry.name for entry in api.list_share(directory="/set", search="a")[0]],
            "outside": refusal(lambda: api.list_share(directory="/../..")),
        }

    def users(self) -> Any:
        """Users; somebody's own full record."""
        me = self.client.users.retrieve_current_user()
        return {
            "listed": [user.username for user in self.client.users.list()],
            "groups": me.groups,
            "staff": me.is_staff,
        }

    def organizations(self) -> Any:
        """Made, changed, worked in and left."""
        made = self.client.organizations.create(models.OrganizationWriteRequest(slug="lab", name="The lab"))
        made.update({"name": "The other lab"})
        with self.client.organization_context("lab"):
            inside = self.client.projects.create({"name": "of the lab", "labels": [{"name": "x"}]})
            listed = [project.name for project in self.client.projects.list()]
            page, _ = self.client.api_client.memberships_api.list()
            tasks = inside.get_tasks()
        with self.client.organization_context(""):
            own = [project.name for project in self.client.projects.list()]
        everywhere = [project.name for project in self.client.projects.list()]
        with self.client.organization_context("nowhere"):
            unknown = refusal(self.client.projects.list)
        seen = {
            "name": self.client.organizations.retrieve(made.id).name,
            "inside": [inside.organization == made.id, listed, len(tasks)],
            "own": own,
            "everywhere": everywhere,
            "unknown": unknown,
            "members": [(member.user.username, str(member.role)) for member in page.results],
        }
        made.remove()
        seen["left"] = [len(self.client.organizations.list()), len(self.client.projects.list())]
        return seen

    # ---- projects and tasks ----------------------------------------------------------------------------------------

    def projects(self) -> Any:
        """Made with labels, changed, found again."""
        parked = {"name": "parked", "mutable": True, "input_type": "checkbox", "default_value": "false"}
        labels = [
            {"name": "car", "color": "#ff0000", "attributes": [{**parked, "values": ["false"]}]},
            {"name": "person", "type": "rectangle", "attributes": []},
        ]
        self.project = self.client.projects.create({"name": "Streets", "labels": labels})
        self.project.update({"name": "Roads", "bug_tracker": "https://bugs.example/1"})
        car = self.project.get_labels()[0]
        self.project.update({"labels": [{"id": car.id, "name": "auto"}, {"name": "tree", "attributes": []}]})
        again = self.client.projects.retrieve(self.project.id)
        return {
            "name": again.name,
            "owner": again.owner.username,
            "status": str(again.status),
            "bug_tracker": again.bug_tracker,
            "labels": sorted((label.name, str(label.type), len(label.attributes)) for label in again.get_labels()),
            "listed": [project.name for project in self.client.projects.list()],
            "preview": refusal(again.get_preview),
        }

    def pictures_become_a_task(self) -> Any:
        """From files of this machine, in the order in which they are given."""
        spec = models.TaskWriteRequest(name="pictures", project_id=self.project.id, segment_size=3, overlap=1)
        order = [self.pictures[number] for number in (2, 0, 1, 3, 4)]
        params = {"sorting_method": "predefined", "image_quality": 80, "chunk_size": 2}
        self.task = self.client.tasks.create_from_data(spec, order, data_params=params, **QUICK)
        meta = self.task.get_meta()
        self.task.remove_frames_by_ids([4])
        seen = {
            "task": [self.task.size, str(self.task.mode), self.task.image_quality],
            "frames": [frame.name for frame in self.task.get_frames_info()],
            "meta": [meta.size, meta.chunk_size, meta.start_frame, meta.stop_frame, meta.deleted_frames],
            "deleted": self.task.get_meta().deleted_frames,
            "jobs": sorted((job.start_frame, job.stop_frame) for job in self.task.get_jobs()),
            "tasks of the project": [task.name for task in self.project.get_tasks()],
            "previews": [size_of(it.get_preview()) for it in (self.project, self.task, self.task.get_jobs()[0])],
            "status": str(self.client.api_client.tasks_api.retrieve_status(self.task.id)[0].state),
        }
        self.task.update({"name": "renamed"})
        return {**seen, "name": self.client.tasks.retrieve(self.task.id).name}

    def other_media_become_tasks(self) -> Any:
        """A zip, a video with a step, files of the share, an address."""
        labels = [models.PatchedLabelRequest(name="x")]

        def made(name: str, resources: list[Any], kind: ResourceType = ResourceType.LOCAL, **params: Any) -> Any:
            spec = models.TaskWriteRequest(name=name, labels=labels)
            task = self.client.tasks.create_from_data(spec, resources, resource_type=kind, data_params=params, **QUICK)
            frames = [frame.name for frame in task.get_frames_info()]
            jobs = len(task.get_jobs())
            task.remove()
            return [task.size, str(task.mode), frames, jobs]

        return {
            "zip": made("zip", [self.folder / "set.zip"]),
            "video": made("video", [self.folder / "clip.mp4"], start_frame=2, stop_frame=17, frame_step=3),
            "share": made("share", ["set/"], ResourceType.SHARE),
            "address": made("address", [(self.folder / "address").read_text()], ResourceType.REMOTE),
        }

    def what_cannot_be_read_is_said(self) -> Any:
        """A failed creation, and things that are not there."""
        nonsense = self.folder / "nonsense.png"
        nonsense.write_bytes(b"no picture")
        spec = models.TaskWriteRequest(name="broken", labels=[models.PatchedLabelRequest(name="x")])
        try:
            self.client.tasks.create_from_data(spec, [nonsense], **QUICK)
            said = ""
        except Exception as error:
            said = str(error)
        (broken,) = (task for task in self.client.tasks.list() if task.name == "broken")
        self.client.tasks.remove_by_ids([broken.id, 999_999])
        return {
            "named": "nonsense.png" in said,
            "missing": refusal(lambda: self.client.tasks.retrieve(999_999)),
            "removed": [task.name for task in self.client.tasks.list()],
        }

    def frames_and_chunks(self) -> Any:
        """The same bytes that were sent; smaller ones; chunks; files on disk."""
        job = sorted(self.task.get_jobs(), key=lambda job: job.start_frame)[1]
        (_, chunk) = self.task.api.retrieve_data(
            self.task.id, type="chunk", number=1, quality="original", _parse_response=False
        )
        out = self.folder / f"frames-{VERSION}"
        self.task.download_frames([0, 3], outdir=out, quality="original")
        job.download_frames([2], outdir=out, quality="compressed", filename_pattern="job_{frame_id}{frame_ext}")
        seen = {
            "original": self.task.get_frame(0, quality="original").read() == self.pictures[2].read_bytes(),
            "compressed": Image.open(self.task.get_frame(0, quality="compressed")).format,
            "of a job": job.get_frame(2, quality="original").read() == self.pictures[1].read_bytes(),
            "files": sorted(path.name for path in out.iterdir()),
            "chunk": zipfile.ZipFile(io.BytesIO(chunk.data)).namelist(),
            "beyond": refusal(lambda: self.task.get_frame(99)),
        }
        if NEW:
            held = io.BytesIO()
            self.task.download_chunk(0, held, quality="compressed")
            assert zipfile.ZipFile(held).namelist() == ["000000.jpeg", "000001.jpeg"]
        return seen

    # ---- work ------------------------------------------------------------------------------------------------------

    def annotations(self) -> Any:
        """Set, read, changed and removed, on a task and on a job."""
        labels = {label.name: label for label in self.task.get_labels()}
        person, auto = labels["person"].id, labels["auto"]
        box = models.LabeledShapeRequest(type="rectangle", frame=0, label_id=person, points=[1.0, 2.0, 30.0, 40.0])
        track = models.LabeledTrackRequest(frame=0, label_id=auto.id, shapes=[
            models.TrackedShapeRequest(type="rectangle", frame=0, points=[1.0, 1.0, 9.0, 9.0], attributes=[
                models.AttributeValRequest(spec_id=auto.attributes[0].id, value="true")]),
        ])  # fmt: skip
        tag = models.LabeledImageRequest(frame=1, label_id=auto.id)
        self.task.set_annotations(models.LabeledDataRequest(shapes=[box], tracks=[track], tags=[tag]))
        seen = {"set": counted(self.task)}
        more = models.PatchedLabeledDataRequest(shapes=[box, box])
        self.task.update_annotations(more, action=AnnotationUpdateAction.CREATE)
        seen["created"] = counted(self.task)
        shape = self.task.get_annotations().shapes[0].to_dict()
        moved = models.LabeledShapeRequest(**{**shape, "points": [5.0, 5.0, 50.0, 50.0]})
        self.task.update_annotations(models.PatchedLabeledDataRequest(shapes=[moved]))
        points = [list(map(float, shape.points)) for shape in self.task.get_annotations().shapes]
        seen["updated"] = [len(points), points.count([5.0, 5.0, 50.0, 50.0])]
        self.task.remove_annotations(ids=[self.task.get_annotations().shapes[0].id])
        seen["removed one"] = counted(self.task)
        job = sorted(self.task.get_jobs(), key=lambda job: job.start_frame)[1]
        tags = [models.LabeledImageRequest(frame=3, label_id=auto.id)]
        job.set_annotations(models.LabeledDataRequest(tags=tags))
        seen["of a job"] = counted(job)
        job.remove_annotations()
        seen["job emptied"] = counted(job)
        wrong = models.LabeledShapeRequest(type="rectangle", frame=0, label_id=person, points=[1.0])
        seen["wrong"] = refusal(lambda: self.task.set_annotations(models.LabeledDataRequest(shapes=[wrong])))
        return seen

    def jobs(self) -> Any:
        """Given to somebody, moved through its stages."""
        job = self.task.get_jobs()[0]
        me = self.client.users.retrieve_current_user()
        job.update({"assignee": me.id, "stage": "validation"})
        job.update({"state": "completed"})
        again = self.client.jobs.retrieve(job.id)
        meta = again.get_meta()
        return {
            "stage": [str(again.stage), str(again.state), again.assignee.username],
            "listed": len(self.client.jobs.list()),
            "labels": sorted(label.name for label in again.get_labels()),
            "frames": [meta.size, len(again.get_frames_info())],
            "project": str(self.client.projects.retrieve(self.project.id).status),
            "task": str(self.client.tasks.retrieve(self.task.id).status),
        }

    def issues(self) -> Any:
        """Raised, talked about, resolved, removed."""
        job = self.task.get_jobs()[0]
        spec = models.IssueWriteRequest(
            frame=job.start_frame, position=[1.0, 2.0, 3.0, 4.0], job=job.id, message="why?"
        )
        issue = self.client.issues.create(spec)
        comment = self.client.comments.create(models.CommentWriteRequest(issue=issue.id, message="because"))
        comment.update({"message": "because of that"})
        issue.update({"resolved": True})
        seen = {
            "of the job": [(one.frame, one.resolved) for one in job.get_issues()],
            "comments": sorted(one.message for one in issue.get_comments()),
            "listed": [len(self.client.issues.list()), len(self.client.comments.list())],
        }
        comment.remove()
        issue.remove()
        return {**seen, "left": [len(self.client.issues.list()), len(self.client.comments.list())]}

    def what_has_no_proxy(self) -> Any:
        """Calls of the generated client: a guide, a label, a ground truth job."""
        api = self.client.api_client
        spec = models.AnnotationGuideWriteRequest(project_id=self.project.id, markdown="Look closely.")
        guide, _ = api.guides_api.create(annotation_guide_write_request=spec)
        changed = models.PatchedAnnotationGuideWriteRequest(markdown="Look twice.")
        guide, _ = api.guides_api.partial_update(guide.id, patched_annotation_guide_write_request=changed)
        tree = next(label for label in self.project.get_labels() if label.name == "tree")
        bush = models.PatchedLabelRequest(name="bush", color="#00ff00")
        api.labels_api.partial_update(tree.id, patched_label_request=bush)
        wanted = {"type": "ground_truth", "task_id": self.task.id, "frame_selection_method": "manual", "frames": [1, 3]}
        truth, _ = api.jobs_api.create(models.JobWriteRequest(**wanted))
        seen = {
            "guide": [guide.markdown, self.project.fetch().guide_id == guide.id],
            "label": sorted((label.name, label.color) for label in self.project.get_labels() if label.id == tree.id),
            "truth": [str(truth.type), truth.frame_count, truth.start_frame, truth.stop_frame],
        }
        if NEW:
            self._only_new(guide.id, truth.id)
        api.jobs_api.destroy(truth.id)
        return {**seen, "jobs": len(self.task.get_jobs())}

    def _only_new(self, guide: int, truth: int) -> None:
        """Assets (the older client cannot name the guide), validation layouts, deleted frames of a job, tokens."""
        api = self.client.api_client
        with self.pictures[0].open("rb") as picture:
            asset, _ = api.assets_api.create(file=picture, guide_id=guide)
        (_, answer) = api.assets_api.retrieve(asset.uuid)
        assert answer.data == self.pictures[0].read_bytes()
        layout, _ = api.tasks_api.retrieve_validation_layout(self.task.id)
        assert [str(layout.mode), layout.validation_frames] == ["gt", [1, 3]], layout
        job = sorted(self.task.get_jobs(), key=lambda job: (job.start_frame, job.id == truth))[0]
        job.remove_frames_by_ids([0])
        assert self.task.get_meta().deleted_frames == [0, 4]
        job.remove_frames_by_ids([])
        made, _ = api.auth_api.create_access_tokens(models.AccessTokenWriteRequest(name="for a script"))
        with make_client(self.url, access_token=made.value) as other:
            assert other.projects.retrieve(self.project.id).name == "Roads"
            assert refusal(lambda: other.projects.create({"name": "not by a token that only reads"})) == 403
        api.auth_api.destroy_access_tokens(made.id)
        assert [token.name for token in api.auth_api.list_access_tokens()[0].results if token.id == made.id] == []

    # ---- backups ---------------------------------------------------------------------------------------------------

    def backups(self) -> Any:
        """A project and a task, saved to disk, removed and restored."""
        files = {name: self.folder / f"{name}-{VERSION}.zip" for name in ("project", "task")}
        before = counted(self.task)
        self.task.download_backup(files["task"], **QUICK)
        self.project.download_backup(files["project"], **QUICK)
        self.project.remove()
        project = self.client.projects.create_from_backup(files["project"], **QUICK)
        alone = self.client.tasks.create_from_backup(files["task"], **QUICK)
        (task,) = project.get_tasks()
        seen = {
            "project": [project.name, task.name, task.size, counted(task) == before],
            "task": [alone.name, alone.size, alone.project_id, counted(alone) == before],
            "frame": task.get_frame(0, quality="original").read() == self.pictures[2].read_bytes(),
            "refused": refusal(lambda: self.client.tasks.create_from_backup(self.folder / "set.zip", **QUICK)),
        }
        if NEW:
            self._new_backups(alone)
        project.remove()
        alone.remove()
        return {**seen, "left": [len(self.client.projects.list()), len(self.client.tasks.list())]}

    def _new_backups(self, task: Any) -> None:
        """What only the newer client has: a folder as the place, and the list of requests."""
        folder = self.folder / "saved"
        folder.mkdir()
        task.download_backup(folder, lightweight=True, **QUICK)
        (saved,) = folder.iterdir()
        assert saved.name.startswith("task_renamed_backup_"), saved.name
        requests = self.client.api_client.requests_api
        page, _ = requests.list(action="export", status="finished")
        assert page.count >= 1
        assert requests.retrieve(page.results[0].id)[0].owner.username == self.user


def counted(of: Any) -> list[int]:
    """How many tags, shapes and tracks."""
    found = of.get_annotations()
    return [len(found.tags), len(found.shapes), len(found.tracks)]


def size_of(picture: Any) -> list[int]:
    """Width and height."""
    return list(Image.open(picture).size)


def refusal(action: Any) -> Any:
    """The status with which the server refuses, or the sentence of the client's own error."""
    try:
        action()
    except exceptions.ApiException as error:
        return error.status
    except CvatSdkException as error:  # what a request says that failed
        return str(error)
    return "not refused"


def main() -> None:
    url, user, password, token, folder = sys.argv[1:]
    topics, seen = Topics(url, user, password, token, Path(folder)), {}
    for name, topic in vars(Topics).items():
        if not name.startswith("_"):
            try:
                seen[name] = topic(topics)
            except Exception:
                seen[name] = {"error": traceback.format_exc()}
    print(json.dumps(seen))


if __name__ == "__main__":
    main()
