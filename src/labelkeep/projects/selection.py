"""Which frames a ground truth job checks.   Pure: chance is a seed.

A seed picks the frames that it picks in CVAT (media/chance.py).
"""

from __future__ import annotations

from collections.abc import Sequence

from labelkeep.errors import BadInput, listed
from labelkeep.media.chance import generator
from labelkeep.media.honeypots import NOT_SPECIFIED
from labelkeep.projects.segments import Segment

METHODS = ("random_uniform", "random_per_job", "manual")


def manual(frames: Sequence[int], size: int) -> list[int]:
    """The named frames, sorted.

    Raises:
        BadInput: none named, one named twice, or one that the task does not have.
    """
    if not frames:
        raise BadInput({"frames": ["This list may not be empty."]})
    if len(set(frames)) != len(frames):
        raise BadInput("Frames must not repeat")
    unknown = sorted(frame for frame in frames if not 0 <= frame < size)
    if unknown:
        raise BadInput(f"The following frames do not exist in the task: {listed(unknown)}")
    return sorted(frames)


def uniform(size: int, *, count: int | None, share: float | None, seed: int | None) -> list[int]:
    """`count` frames, or that `share` of them, each as likely as any other.

    Raises:
        BadInput: neither or both given, a share outside [0, 1], more frames than the task has.
    """
    wanted = _wanted(count, share, of=size, names=("frame_count", "frame_share"))
    if wanted > size:
        raise BadInput(
            f"The number of frames requested ({wanted}) must not be greater than the number of the task frames ({size})"
        )
    return sorted(generator(seed).choice(size, size=wanted, shuffle=False, replace=False).tolist())


def per_job(
    segments: Sequence[Segment],
    *,
    size: int,
    segment_size: int,
    overlap: int,
    count: int | None,
    share: float | None,
    seed: int | None,
) -> list[int]:
    """`count` frames of each job, or that `share` of its segment; a frame that two jobs have is chosen once.

    Every job but the first chooses behind its overlap with the job before. One generator serves all jobs, in order.

    Raises:
        BadInput: neither or both given, a share outside [0, 1], more frames than the task has.
    """
    wanted = _wanted(count, share, of=segment_size, names=("frames_per_job_count", "frames_per_job_share"))
    if count is not None and count > size:
        raise BadInput(
            f"The number of frames requested ({count}) must be not be greater than the segment size ({segment_size})"
        )
    chance = generator(seed)
    chosen: list[int] = []
    for segment in segments:
        frames = range(segment.start, segment.stop + 1)
        already = set(frames).intersection(chosen)
        missing = min(len(frames), wanted) - len(already)
        # The order in which a set of whole numbers is walked is a part of what CVAT draws from.
        free = tuple(set(frames[overlap * (segment.start != 0) :]).difference(already))
        if missing > 0 and free:
            chosen += chance.choice(free, size=min(missing, len(free)), replace=False).tolist()
    return sorted(chosen)


def _wanted(count: int | None, share: float | None, *, of: int, names: tuple[str, str]) -> int:
    options = f'"{names[0]}", "{names[1]}"'
    if count is None and share is None:
        raise BadInput({"non_field_errors": [f"One of the fields {options} required"]})
    if count is not None and share is not None:
        raise BadInput({"non_field_errors": [f"Only 1 of the fields {options} can be used"]})
    if share is not None:
        if not 0 <= share <= 1:
            raise BadInput({names[1]: ["Value must be in the range [0; 1]"]})
        if not share:
            raise BadInput(NOT_SPECIFIED)
        return max(1, int(share * of))
    assert count is not None
    if count < 1:
        raise BadInput({names[0]: ["Ensure this value is greater than or equal to 1."]})
    return count
