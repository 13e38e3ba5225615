"""Which frame of the pool each honeypot shows, chosen by hand or by chance (spec/cvat-protocol.md §8.8).   Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import islice

from labelkeep.errors import BadInput, listed
from labelkeep.media.chance import LeastUsed, generator
from labelkeep.projects.queries.validation import Honeypots, Layout

METHODS = ("manual", "random_uniform")


def by_hand(layout: Layout, scopes: Sequence[Honeypots], real: Sequence[int]) -> dict[int, int]:
    """Honeypot → the frame that it shall show. `scopes` are the honeypots of each job; `real` is for all, in order.

    Raises:
        BadInput: a frame is not one of the pool's, or is left out of validation.
    """
    chosen: dict[int, int] = {}
    rest = iter(real)
    for scope in scopes:
        wanted = list(islice(rest, len(scope.frames)))
        check(layout, wanted)
        chosen |= dict(zip(scope.frames, wanted, strict=False))
    return chosen


def by_chance(layout: Layout, scopes: Sequence[Honeypots], *, anew: bool) -> dict[int, int]:
    """Honeypot → the frame that it shall show: the least used ones, no frame twice in a job.

    `anew`: what honeypots show now does not count.

    Raises:
        BadInput: a job has more honeypots than there are frames to show.
    """
    shown = Counter() if anew else Counter(layout.honeypots.real)
    active = layout.active
    dealer = LeastUsed({frame: shown[frame] for frame in active}, generator(None))
    chosen: dict[int, int] = {}
    for scope in scopes:
        if len(active) < len(scope.frames):
            raise BadInput(
                f"Can't select validation frames: the remaining number of validation frames ({len(active)}) "
                f"is less than the number of honeypots in a job ({len(scope.frames)}). "
                "Try to restore some validation frames"
            )
        chosen |= dict(zip(scope.frames, dealer.deal(len(scope.frames)), strict=True))
    return chosen


def check(layout: Layout, wanted: Sequence[int]) -> None:
    """Let pass frames that honeypots may show.

    Raises:
        BadInput: a frame is not one of the pool's, or is left out of validation.
    """
    if unknown := sorted(set(wanted).difference(layout.validation)):
        raise BadInput(f"Could not update honeypot frames: frames {listed(unknown)} are not from the validation pool")
    if disabled := sorted(set(wanted).intersection(layout.disabled)):
        raise BadInput(
            f"Could not update honeypot frames: frames {listed(disabled)} are disabled. "
            "Restore them in the validation pool first"
        )


def changed(layout: Layout, chosen: dict[int, int]) -> dict[int, int]:
    """Those of `chosen` that show another frame than before."""
    before = dict(zip(layout.honeypots.frames, layout.honeypots.real, strict=True))
    return {honeypot: real for honeypot, real in chosen.items() if before[honeypot] != real}


def left_out(layout: Layout, deleted: Sequence[int]) -> list[int]:
    """The task's deleted frames, once what the layout leaves out of validation is deleted: frames of the pool and the
    honeypots that show them. What is deleted of the other frames stays."""
    others = set(deleted).difference(layout.validation, layout.honeypots.frames)
    return sorted(others.union(layout.disabled, layout.honeypots.showing(*layout.disabled)))
