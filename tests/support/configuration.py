"""Other settings for one test."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pytest_django import Settings


def configured(settings: Settings, **changes: Any) -> None:
    """As if the operator had set them: configured(settings, registration=True)."""
    settings.CONFIGURATION = replace(settings.CONFIGURATION, **changes)
