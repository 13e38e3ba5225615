"""Which frames a ground truth job checks.   Pure: chance is a seed.

Selections are reproducible with this server's own generator (`random.Random(seed)`). CVAT draws with NumPy's MT19937,
so the same seed picks other frames there.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

from labelkeep.errors import BadInput
from labelkeep.projects.segments import Segment


def manual(frames: Sequence[int], size: int) -> list[int]:
    """The named frames, sorted.

    Raises:
        BadInput: none named, one named twice, or one that the task does not have.
    """
    if not frames:
        raise BadInput("The list of frames must not be empty")
    if len(set(frames)) != len(frames):
        raise BadInput("Frames must not repeat")
    unknown = sorted(frame for frame in frames if not 0 <= frame < size)
    if unknown:
        raise BadInput(f"The following frames do not exist in the task: {', '.join(map(str, unknown))}")
    return sorted(frames)


def uniform(size: int, *, count: int | None, share: float | None, seed: int | None) -> list[int]:
    """`count` frames, or that `share` of them, each as likely as any other.

    Raises:
        BadInput: neither or both given, a share outside (0, 1), more frames than the task has.
    """
    wanted = _wanted(size, count, share, names=("frame_count", "frame_share"))
    return sorted(random.Random(seed).sample(range(size), wanted))  # noqa: S311 - reproducible, not secret


def per_job(segments: Sequence[Segment], *, count: int | None, share: float | None, seed: int | None) -> list[int]:
    """`count` frames of each job, or that `share` of each; a frame that two jobs have is chosen once."""
    chance = random.Random(seed)  # noqa: S311 - reproducible, not secret
    chosen: set[int] = set()
    for segment in segments:
        frames = range(segment.start, segment.stop + 1)
        wanted = _wanted(len(segment), count, share, names=("frames_per_job_count", "frames_per_job_share"))
        free = [frame for frame in frames if frame not in chosen]
        chosen.update(chance.sample(free, max(0, min(wanted - (len(frames) - len(free)), len(free)))))
    return sorted(chosen)


def _wanted(size: int, count: int | None, share: float | None, *, names: tuple[str, str]) -> int:
    if (count is None) == (share is None):
        raise BadInput(f"One of the fields '{names[0]}' and '{names[1]}' must be given")
    if share is not None:
        if not 0 < share < 1:
            raise BadInput({names[1]: ["The value must be greater than 0 and less than 1"]})
        return max(1, int(share * size))
    assert count is not None
    if count < 1:
        raise BadInput({names[0]: ["Ensure this value is greater than or equal to 1."]})
    if count > size:
        raise BadInput(
            f"The number of frames requested ({count}) must not be greater than the number of the task frames ({size})"
        )
    return count
