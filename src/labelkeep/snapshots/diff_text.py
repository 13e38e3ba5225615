"""A comparison as lines of text, for people who read it in a terminal or a letter.   Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from labelkeep.snapshots.diff_types import FieldChange, LabelChange, ObjectChange, Summary, TaskChange, TaskRef

_LONG = 60


def lines(summary: Summary, objects: Iterable[ObjectChange] = ()) -> Iterator[str]:
    """What changed: first all but single objects, which are counted, then those that are handed over."""
    yield from map(_field, summary["fields"])
    yield from map(_label, summary["labels"])
    for task in summary["tasks"]:
        yield from _task(task)
    for kind, counts in summary["objects"].items():
        yield f"{kind}: {_counts(counts)}"
    for label, counts in summary["objects_by_label"].items():
        yield f"  {label}: {_counts(counts)}"
    if is_same(summary):
        yield "nothing has changed"
    yield from map(_object, objects)


def is_same(summary: Summary) -> bool:
    """Whether nothing has changed."""
    return not (summary["fields"] or summary["labels"] or summary["tasks"] or summary["count"])


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in counts.items() if count) or "none"


def _field(change: FieldChange) -> str:
    what = _name(change["task"]) if change["task"] else "the project"
    job = f", job {change['job']}" if change["job"] else ""
    return f"{what}{job}: {change['field']} {_short(change['before'])} → {_short(change['after'])}"


def _label(change: LabelChange) -> str:
    renamed = f" to {change['renamed_to']}" if change["renamed_to"] else ""
    return f"label {change['label']}: {', '.join(change['changes'])}{renamed}"


def _task(task: TaskChange) -> Iterator[str]:
    parts = [("frames", task["frames"]), ("jobs", task["jobs"]), ("objects", task["objects"])]
    told = "; ".join(f"{name}: {_counts(counts)}" for name, counts in parts if any(counts.values()))
    yield f"{_name(task['task'])} {task['change']}{f' ({told})' if told else ''}"


def _object(item: ObjectChange) -> str:
    frames = f" (key frames {', '.join(map(str, item['frames'][:10]))})" if item["kind"] == "tracks" else ""
    return (
        f"{_name(item['task'])}, job {item['job']}, frame {item['frame']}: {item['kind'][:-1]} {item['number']} "
        f"{item['label']} {', '.join(item['changes'])}{frames}"
    )


def _name(task: TaskRef) -> str:
    return f"task {task['id']} {task['name']!r}"


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _LONG else f"{text[: _LONG - 1]}…"
