"""Honeypots: each job shows some frames of a pool whose right answers are known (spec/cvat-protocol.md §8.8).

The pool's frames leave the flow of the task and form its end (the ground truth job); every annotation job gets some
placeholders that show pool images. Pure; chance is a seed.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from labelkeep.errors import BadInput


@dataclass(frozen=True)
class Layout:
    """`order`: the file of every frame of the task. `jobs`: (start, stop) of the annotation jobs, both inclusive.
    `pool`: the pool's files, which are the last frames. `per_job`: honeypots in each job."""

    order: list[str]
    jobs: list[tuple[int, int]]
    pool: list[str]
    per_job: int

    @property
    def ground_truth(self) -> tuple[int, int]:
        """Range of the ground truth job."""
        return len(self.order) - len(self.pool), len(self.order) - 1

    def validation_layout(self) -> dict[str, Any]:
        """What the task's row keeps."""
        return {
            "mode": "gt_pool",
            "frames_per_job_count": self.per_job,
            "frames": list(self.pool),
            "disabled_frames": [],
        }


def lay_out(names: Sequence[str], params: Mapping[str, Any], segment_size: int, seed: int) -> Layout:
    """Place the frames `names` (in their random order) and the honeypots of a new task.

    Raises:
        BadInput: the parameters do not name a pool, or leave no frame to annotate.
    """
    chosen = params.get("random_seed")
    chance = random.Random(seed if chosen is None else int(chosen))  # noqa: S311 - reproducible, not secret
    pool = _pool(names, params, chance)
    members = set(pool)
    rest = [name for name in names if name not in members]
    if not rest:
        raise BadInput({"validation_params": ["All frames are in the pool, none is left to annotate"]})
    length = segment_size if 0 < segment_size <= len(rest) else len(rest)
    per_job = _per_job(params, length, len(pool))
    order: list[str] = []
    jobs: list[tuple[int, int]] = []
    for start in range(0, len(rest), length):
        frames = rest[start : start + length] + chance.sample(pool, per_job)
        chance.shuffle(frames)
        jobs.append((len(order), len(order) + len(frames) - 1))
        order += frames
    return Layout(order + pool, jobs, pool, per_job)


def _pool(names: Sequence[str], params: Mapping[str, Any], chance: random.Random) -> list[str]:
    method = params.get("frame_selection_method", "random_uniform")
    if method == "manual":
        wanted = list(dict.fromkeys(params.get("frames") or []))
        if unknown := set(wanted) - set(names):
            raise BadInput(f"Can't find the following validation frames: {', '.join(sorted(unknown)[:5])}")
    elif method == "random_uniform":
        wanted = chance.sample(list(names), _amount(params, "frame_count", "frame_share", len(names)))
    else:
        raise BadInput({"validation_params": {"frame_selection_method": [f'"{method}" is not a valid choice.']}})
    if not wanted:
        raise BadInput({"validation_params": ["The pool must have at least one frame"]})
    return wanted


def _per_job(params: Mapping[str, Any], length: int, pool: int) -> int:
    count = _amount(params, "frames_per_job_count", "frames_per_job_share", length)
    if count > pool:
        raise BadInput(f"Too few validation frames: {count} a job are asked for, the pool has {pool}")
    return count


def _amount(params: Mapping[str, Any], count_name: str, share_name: str, of: int) -> int:
    count, share = params.get(count_name), params.get(share_name)
    if count is None and share is None:
        raise BadInput({"validation_params": [f"Either {count_name} or {share_name} must be given"]})
    try:
        wanted = int(count) if count is not None else max(1, int(float(share) * of))  # type: ignore[arg-type]
    except (TypeError, ValueError) as error:
        raise BadInput({"validation_params": {count_name: ["A valid number is required."]}}) from error
    if not 0 < wanted <= of:
        raise BadInput({"validation_params": {count_name: [f"Must be between 1 and {of}"]}})
    return wanted
