"""`make demo`: the main job, end to end, with the stock CVAT client.

Starts a server on a free port, makes a project of pictures with drawn shapes, backs it up, deletes it, restores it and
compares. Exits 0 only when nothing differs. On a terminal it then serves until Ctrl+C.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cvat_sdk import Client, make_client, models
from cvat_sdk.core.proxies.projects import Project
from cvat_sdk.core.proxies.tasks import ResourceType, Task
from PIL import Image, ImageDraw

FOLDER = Path(".demo")
COLOURS = {"circle": "#e4572e", "box": "#17bebb", "triangle": "#ffc914"}
READY = "Labelkeep is at "


def main() -> int:
    """Run the demonstration; return the exit code."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir()
    password = secrets.token_urlsafe(12)
    with server(FOLDER / "data", password) as url:
        with make_client(url, credentials=("demo", password)) as client:
            code, project = demonstrate(client)
        print(f"  where to look: curl -u demo:{password} {url}/api/projects/{project.id}")
        print(f"  the backup:    {FOLDER / 'backup.zip'} · the store: {FOLDER / 'data' / 'store'}")
        if code == 0 and sys.stdout.isatty() and not os.environ.get("DEMO_ONCE"):
            print("Serving until Ctrl+C.")
            wait_for_interrupt()
    return code


@contextmanager
def server(data_dir: Path, password: str) -> Iterator[str]:
    """A real server process on a free port, with one user; yields its address."""
    labelkeep = [sys.executable, "-m", "labelkeep"]
    environment = {**os.environ, "LABELKEEP_DATA_DIR": str(data_dir.absolute()), "LABELKEEP_PASSWORD": password}
    subprocess.run(
        [*labelkeep, "user", "add", "demo", "--admin"], env=environment, check=True, stdout=subprocess.DEVNULL
    )
    log = (FOLDER / "server.log").open("w")
    process = subprocess.Popen(
        [*labelkeep, "serve", "--port", "0"], env=environment, stdout=subprocess.PIPE, stderr=log, text=True
    )
    try:
        assert process.stdout is not None
        for line in process.stdout:
            if READY in line:
                yield line.split(READY, 1)[1].split()[0]
                break
        else:
            raise SystemExit(f"the server did not start; see {FOLDER / 'server.log'}")
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=30)
        log.close()


def demonstrate(client: Client) -> tuple[int, Project]:
    """Make, back up, delete, restore, compare."""
    say("making a project of 12 pictures in 2 jobs, with shapes and a track")
    project = make_project(client)
    original = describe(client, project)
    say(f"backing it up: {sum(original['shapes'].values())} shapes, {len(original['frames'])} frames")
    backup = FOLDER / "backup.zip"
    project.download_backup(backup, status_check_period=0.2)
    say(f"deleting it (the backup is {backup.stat().st_size:,} bytes)")
    project.remove()
    say("restoring it from the backup")
    restored = client.projects.create_from_backup(backup, status_check_period=0.2)
    found = describe(client, restored)
    different = [part for part in original if original[part] != found[part]]
    if different:
        print(f"restored ≠ original: {', '.join(different)} differ", file=sys.stderr)
        return 1, restored
    print("restored = original")
    return 0, restored


def make_project(client: Client) -> Project:
    """A project with three labels, an attribute, and a task whose pictures and annotations agree."""
    attribute = {"name": "size", "mutable": True, "input_type": "select", "default_value": "small"}
    attribute["values"] = ["small", "large"]
    labels = [{"name": name, "color": colour, "attributes": [attribute]} for name, colour in COLOURS.items()]
    project = client.projects.create(models.ProjectWriteRequest(name="Shapes on paper", labels=labels))
    drawn = [draw(number, FOLDER / "pictures" / f"paper_{number:02}.png") for number in range(12)]
    task = client.tasks.create_from_data(
        models.TaskWriteRequest(name="paper", project_id=project.id, segment_size=6),
        resources=[path for path, _ in drawn],
        resource_type=ResourceType.LOCAL,
        status_check_period=0.2,
    )
    task.set_annotations(annotations(project, [figures for _, figures in drawn]))
    return project.fetch()


def draw(number: int, path: Path) -> tuple[Path, list[tuple[str, list[float]]]]:
    """Draw one picture; return it and the figures on it as (label, box)."""
    path.parent.mkdir(exist_ok=True)
    image = Image.new("RGB", (480, 320), "#faf7f0")
    pen = ImageDraw.Draw(image)
    figures = []
    for position, (name, colour) in enumerate(COLOURS.items()):
        left, top = 30 + 150 * position, 40 + (number * 13 + position * 60) % 160
        box = [float(left), float(top), float(left + 60 + 4 * number), float(top + 70)]
        if name == "circle":
            pen.ellipse(box, fill=colour)
        elif name == "box":
            pen.rectangle(box, fill=colour)
        else:
            pen.polygon([(box[0], box[3]), (box[2], box[3]), ((box[0] + box[2]) / 2, box[1])], fill=colour)
        figures.append((name, box))
    image.save(path)
    return path, figures


def annotations(project: Project, pictures: list[list[tuple[str, list[float]]]]) -> models.LabeledDataRequest:
    """Rectangles, ellipses and polygons for every figure, and a track that follows the circle."""
    labels = {label.name: label for label in project.get_labels()}
    shapes = [
        models.LabeledShapeRequest(frame=frame, label_id=labels[name].id, **geometry(name, box), attributes=[
            models.AttributeValRequest(spec_id=labels[name].attributes[0].id, value="large" if frame > 6 else "small")
        ])
        for frame, figures in enumerate(pictures)
        for name, box in figures
    ]  # fmt: skip
    track = models.LabeledTrackRequest(
        frame=0,
        label_id=labels["circle"].id,
        shapes=[
            models.TrackedShapeRequest(type="rectangle", frame=frame, points=figures[0][1])
            for frame, figures in enumerate(pictures[:6])
        ],
    )
    return models.LabeledDataRequest(shapes=shapes, tracks=[track])


def geometry(name: str, box: list[float]) -> dict[str, Any]:
    """The shape that a figure is annotated with."""
    left, top, right, bottom = box
    if name == "circle":
        return {"type": "ellipse", "points": [(left + right) / 2, (top + bottom) / 2, right, top]}
    if name == "triangle":
        return {"type": "polygon", "points": [left, bottom, right, bottom, (left + right) / 2, top]}
    return {"type": "rectangle", "points": box}


def describe(client: Client, project: Project) -> dict[str, Any]:
    """Everything that must come back, without ids: labels, frames by hash, annotations as multisets."""
    labels = project.get_labels()
    names = {label.id: label.name for label in labels}
    specs = {spec.id: spec.name for label in labels for spec in label.attributes}
    tasks = project.get_tasks()
    return {
        "labels": sorted((label.name, label.color, str(label.type)) for label in labels),
        "jobs": [(job.start_frame, job.stop_frame) for task in tasks for job in task.get_jobs()],
        "frames": [digest(task, number) for task in tasks for number in range(task.size)],
        "shapes": Counter(plain(shape, names, specs) for task in tasks for shape in task.get_annotations().shapes),
        "tracks": Counter(plain(track, names, specs) for task in tasks for track in task.get_annotations().tracks),
    }


def digest(task: Task, number: int) -> str:
    """SHA-256 of a frame's original bytes."""
    return hashlib.sha256(task.get_frame(number, quality="original").read()).hexdigest()


def plain(item: Any, names: dict[int, str], specs: dict[int, str]) -> str:
    """An annotation without ids, as text that can be counted."""

    def clean(value: Any) -> Any:
        if isinstance(value, dict):
            kept = {key: clean(part) for key, part in value.items() if key not in ("id", "label_id", "spec_id")}
            if "spec_id" in value:
                kept["attribute"] = specs[value["spec_id"]]
            if "label_id" in value:
                kept["label"] = names[value["label_id"]]
            return tuple(sorted(kept.items()))
        return tuple(clean(part) for part in value) if isinstance(value, list) else value

    return repr(clean(item.to_dict()))


def wait_for_interrupt() -> None:
    """Sleep until Ctrl+C."""
    try:
        signal.pause()
    except KeyboardInterrupt:
        print()


def say(text: str) -> None:
    """One step, on a line of its own, at once."""
    print(f"· {text}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
