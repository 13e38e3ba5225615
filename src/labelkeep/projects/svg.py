"""The picture of a skeleton: nodes name their sublabels in storage, and show ids on the wire.   Pure.

Stored with `data-label-name`, because names survive a restore and ids do not; the wire wants `data-label-id`
(spec/cvat-protocol.md §8.6). Quotes and the like in names are escaped as in any XML attribute.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping

_NAME = re.compile(r'data-label-name="([^"]*)"')
_ID = re.compile(r'data-label-id="([^"]*)"')


def with_ids(svg: str, ids: Mapping[str, int]) -> str:
    """Nodes that name a sublabel show its id; a name that no sublabel has stays as it is."""

    def show(match: re.Match[str]) -> str:
        found = ids.get(html.unescape(match[1]), ids.get(match[1]))
        return match[0] if found is None else f'data-label-id="{found}"'

    return _NAME.sub(show, svg)


def with_names(svg: str, names: Mapping[int, str]) -> str:
    """The way back: nodes that show an id name that sublabel."""

    def name(match: re.Match[str]) -> str:
        found = names.get(int(match[1])) if match[1].isdecimal() else None
        return match[0] if found is None else _attribute(found)

    return _ID.sub(name, svg)


def renamed(svg: str, old: str, new: str) -> str:
    """The picture after the sublabel `old` was renamed `new`."""
    return _NAME.sub(lambda match: _attribute(new) if old in (match[1], html.unescape(match[1])) else match[0], svg)


def _attribute(name: str) -> str:
    return f'data-label-name="{html.escape(name)}"'
