"""Doing several things at the same moment, each with a database connection of its own. Wants `transaction=True`."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

from django.db import connections


def at_once(*functions: Callable[[], Any]) -> list[Any]:
    """Call all of them at once; what each returned, or the exception that it raised."""
    results: list[Any] = [None] * len(functions)
    barrier = threading.Barrier(len(functions))

    def call(index: int) -> None:
        try:
            connections["default"].ensure_connection()
            barrier.wait(30)
            results[index] = functions[index]()
        except Exception as error:
            results[index] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=call, args=(index,)) for index in range(len(functions))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def failures(results: Sequence[Any]) -> list[BaseException]:
    """The exceptions among results."""
    return [result for result in results if isinstance(result, BaseException)]
