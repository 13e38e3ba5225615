"""Pairs of most similarity between two small sets: the Hungarian method, on each connected group by itself."""

from __future__ import annotations

from collections.abc import Mapping

INFINITY = float("inf")


def pairs(similar: Mapping[tuple[int, int], float], least: float) -> dict[int, int]:
    """The pairing of rows with columns with the greatest sum of similarity; of it, the pairs of at least `least`.

    `similar` names only pairs above zero. Groups that are not connected by any pair do not influence each other.
    """
    found: dict[int, int] = {}
    for rows, columns in _groups(similar):
        if len(rows) == len(columns) == 1:
            chosen = {rows[0]: columns[0]}
        else:
            costs = [[1 - similar.get((row, column), 0.0) for column in columns] for row in rows]
            chosen = {rows[i]: columns[j] for i, j in _solve(costs).items()}
        found |= {i: j for i, j in chosen.items() if (i, j) in similar and similar[i, j] >= least}
    return found


def _groups(similar: Mapping[tuple[int, int], float]) -> list[tuple[list[int], list[int]]]:
    neighbours: dict[tuple[str, int], list[tuple[str, int]]] = {}
    for row, column in similar:
        neighbours.setdefault(("row", row), []).append(("column", column))
        neighbours.setdefault(("column", column), []).append(("row", row))
    groups, seen = [], set()
    for start in neighbours:
        if start in seen:
            continue
        seen.add(start)
        group = [start]
        for node in group:
            for following in neighbours[node]:
                if following not in seen:
                    seen.add(following)
                    group.append(following)
        sides = {side: sorted(i for kind, i in group if kind == side) for side in ("row", "column")}
        groups.append((sides["row"], sides["column"]))
    return groups


def _solve(costs: list[list[float]]) -> dict[int, int]:
    """Row → column of least total cost, every row of the shorter side taken; O(n³) shortest augmenting paths."""
    if len(costs) > len(costs[0]):
        turned = [list(column) for column in zip(*costs, strict=True)]
        return {row: column for column, row in _solve(turned).items()}
    width = len(costs[0])
    row_price = [0.0] * (len(costs) + 1)
    column_price = [0.0] * (width + 1)
    taken_by = [0] * (width + 1)  # row (from 1) that has the column (from 1); column 0 is where a path begins
    for row in range(1, len(costs) + 1):
        _augment(costs, row, row_price, column_price, taken_by)
    return {taken_by[column] - 1: column - 1 for column in range(1, width + 1) if taken_by[column]}


def _augment(
    costs: list[list[float]], row: int, row_price: list[float], column_price: list[float], taken_by: list[int]
) -> None:
    width = len(column_price) - 1
    taken_by[0] = row
    slack = [INFINITY] * (width + 1)
    before = [0] * (width + 1)
    done = [False] * (width + 1)
    at = 0
    while taken_by[at]:
        done[at] = True
        current = taken_by[at]
        for column in range(1, width + 1):
            if not done[column]:
                cost = costs[current - 1][column - 1] - row_price[current] - column_price[column]
                if cost < slack[column]:
                    slack[column], before[column] = cost, at
        least, following = min((slack[column], column) for column in range(1, width + 1) if not done[column])
        for column in range(width + 1):
            if done[column]:
                row_price[taken_by[column]] += least
                column_price[column] -= least
            else:
                slack[column] -= least
        at = following
    while at:
        taken_by[at] = taken_by[before[at]]
        at = before[at]
