"""Honeypots: each job shows some frames of a pool whose right answers are known (spec/cvat-protocol.md §8.8).

The pool's frames leave the flow of the task and form its end (the ground truth job); every annotation job gets some
placeholders that show pool images. Pure; chance is a seed, and lays a task out as it does in CVAT.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from labelkeep.errors import BadInput, listed
from labelkeep.media.chance import LeastUsed, generator
from labelkeep.media.sorting import natural_key
from labelkeep.media.validation_params import ValidationParams

if TYPE_CHECKING:
    from numpy.random import Generator

NOT_SPECIFIED = "The number of validation frames is not specified"


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


def lay_out(names: Sequence[str], params: ValidationParams, segment_size: int, seed: int) -> Layout:
    """Place the frames `names` and the honeypots of a new task. `seed` is for chance where `params` have none.

    The frames are numbered in their natural order, so that the order in which they came does not matter. Two
    generators of one seed: the first draws the pool, the flow of frames and the honeypots, the second orders each job.

    Raises:
        BadInput: the parameters do not name a pool, or leave no frame to annotate.
    """
    names = sorted(names, key=lambda name: (natural_key(name), name))
    seed = seed if params.random_seed is None else params.random_seed
    chance, within_jobs = generator(seed), generator(seed)
    pool = _pool(names, params, chance)
    length = segment_size or len(names)
    per_job = _per_job(params, length, len(pool))
    rest = sorted(set(range(len(names))).difference(pool))
    chance.shuffle(rest)
    honeypots = LeastUsed(dict.fromkeys(pool, 0), chance)
    order: list[int] = []
    jobs: list[tuple[int, int]] = []
    for start in range(0, len(rest), length):
        frames = rest[start : start + length] + honeypots.deal(per_job)
        within_jobs.shuffle(frames)
        jobs.append((len(order), len(order) + len(frames) - 1))
        order += frames
    return Layout([names[frame] for frame in order + pool], jobs, [names[frame] for frame in pool], per_job)


def _pool(names: Sequence[str], params: ValidationParams, chance: Generator) -> list[int]:
    """The numbers of the pool's frames, ascending."""
    if params.frame_selection_method == "manual":
        known = {name: number for number, name in enumerate(names)}
        wanted = params.frames or []
        if unknown := sorted(set(wanted) - known.keys()):
            raise BadInput(f"Unknown validation frames requested: {listed(unknown)}")
        pool = [known[name] for name in wanted]
    else:
        count = _pool_size(params, len(names))
        pool = chance.choice(len(names), size=count, shuffle=False, replace=False).tolist()
    if len(pool) >= len(names):
        raise BadInput("Cannot create task: too few non-honeypot frames left after selecting validation frames")
    return sorted(pool)


def _pool_size(params: ValidationParams, of: int) -> int:
    if params.frame_count is not None:
        if params.frame_count >= of:
            raise BadInput(
                f"The number of validation frames requested ({params.frame_count}) "
                f"must be less than the number of task frames ({of})"
            )
        return params.frame_count
    if not params.frame_share:
        raise BadInput(NOT_SPECIFIED)
    return max(1, int(params.frame_share * of))


def _per_job(params: ValidationParams, length: int, pool: int) -> int:
    """Honeypots in a job: a job shows no frame of the pool twice."""
    count = params.frames_per_job_count
    if count is not None and params.frame_count is not None and count > pool:
        raise BadInput(
            f"The requested number of validation frames per job ({count}) "
            f"is greater than the validation pool size ({pool})"
        )
    if count is None:
        if not params.frames_per_job_share:
            raise BadInput(NOT_SPECIFIED)
        count = max(1, int(params.frames_per_job_share * length))
    return min(pool, count)
