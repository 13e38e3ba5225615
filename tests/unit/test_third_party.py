"""THIRD_PARTY.md says what is installed, and under which licence."""

from __future__ import annotations

import re
import sys

from tools import third_party


def test_the_page_is_what_the_installed_packages_say() -> None:
    page = third_party.PAGE.read_text()
    if sys.platform != "linux":  # other platforms' wheels carry other libraries
        page = re.sub(r"## Libraries inside.*?(?=## What development)", "", page, flags=re.DOTALL)
        assert page == re.sub(
            r"## Libraries inside.*?(?=## What development)", "", third_party.render(), flags=re.DOTALL
        )
    else:
        assert page == third_party.render(), "run `make docs`"


def test_the_page_names_no_package_registry() -> None:
    assert "http" not in third_party.PAGE.read_text()
