"""Settings: each is documented, read, checked, and refused when it makes no sense."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path

import pytest
from tools import docs

from labelkeep import configuration
from labelkeep.accounts.backup_roles import BACKUP_ROLES
from labelkeep.configuration import Configuration
from labelkeep.errors import BadInput
from labelkeep.server.checks import problems

PAGE = docs.ROOT / "docs" / "reference" / "configuration.md"


def test_the_page_is_what_the_settings_say() -> None:
    assert PAGE.read_text() == docs.settings_page(), "run `make docs`"


@pytest.mark.parametrize("name", [item.name for item in fields(Configuration)])
def test_every_setting_is_on_the_page_with_a_sentence(name: str) -> None:
    (row,) = [line for line in PAGE.read_text().splitlines() if line.startswith(f"| `{Configuration.variable(name)}` ")]
    assert row.rstrip(" |").endswith(".")


def test_every_backup_role_is_explained() -> None:
    text = PAGE.read_text()
    assert [role for role in BACKUP_ROLES if f"| `{role}` |" not in text] == []


class TestRead:
    def test_nothing_set_is_all_defaults(self) -> None:
        assert configuration.read({}) == Configuration()
        assert configuration.read({"LABELKEEP_PORT": "", "PATH": "/bin"}) == Configuration()

    def test_values_take_their_types(self) -> None:
        found = configuration.read(
            {
                "LABELKEEP_DATA_DIR": "/srv/labelkeep",
                "LABELKEEP_PORT": "9000",
                "LABELKEEP_PUBLIC_URL": "https://labels.example.com/",
                "LABELKEEP_TRUSTED_PROXIES": "10.0.0.0/8, ::1",
                "LABELKEEP_UPLOAD_LIMIT": "1.5GiB",
                "LABELKEEP_REGISTRATION": "Yes",
                "LABELKEEP_LOG_LEVEL": "debug",
            }
        )
        assert found.data_dir == Path("/srv/labelkeep")
        assert found.port == 9000
        assert found.public_url == "https://labels.example.com"
        assert found.trusted_proxies == ("10.0.0.0/8", "::1")
        assert found.upload_limit == 3 * 2**29
        assert found.registration is True
        assert found.log_level == "DEBUG"

    @pytest.mark.parametrize(
        "environment",
        [
            {"LABELKEEP_PORT": "http"},
            {"LABELKEEP_REGISTRATION": "perhaps"},
            {"LABELKEEP_UPLOAD_LIMIT": "big"},
            {"LABELKEEP_PROT": "9000"},
        ],
    )
    def test_what_cannot_be_read_names_its_variable(self, environment: dict[str, str]) -> None:
        with pytest.raises(BadInput, match=next(iter(environment))):
            configuration.read(environment)


class TestChecks:
    def settings(self, tmp_path: Path, **changes: object) -> Configuration:
        return replace(Configuration(), data_dir=tmp_path / "data", **changes)

    def test_defaults_on_a_folder_to_be_made_are_fine(self, tmp_path: Path) -> None:
        assert problems(self.settings(tmp_path)) == []

    @pytest.mark.parametrize(
        ("changes", "variable"),
        [
            ({"port": 70000}, "LABELKEEP_PORT"),
            ({"workers": 0}, "LABELKEEP_WORKERS"),
            ({"threads": -1}, "LABELKEEP_THREADS"),
            ({"public_url": "labels.example.com"}, "LABELKEEP_PUBLIC_URL"),
            ({"public_url": "https://example.com/labels"}, "LABELKEEP_PUBLIC_URL"),
            ({"trusted_proxies": ("10.0.0.0/8", "proxy")}, "LABELKEEP_TRUSTED_PROXIES"),
            ({"allowed_hosts": ()}, "LABELKEEP_ALLOWED_HOSTS"),
            ({"backup_roles": ("owner", "everybody")}, "LABELKEEP_BACKUP_ROLES"),
            ({"log_level": "LOUD"}, "LABELKEEP_LOG_LEVEL"),
            ({"share_dir": Path("/nonexistent")}, "LABELKEEP_SHARE_DIR"),
        ],
    )
    def test_what_cannot_work_is_a_sentence_that_names_the_variable(
        self, tmp_path: Path, changes: dict[str, object], variable: str
    ) -> None:
        (sentence,) = problems(self.settings(tmp_path, **changes))
        assert sentence.startswith(f"{variable}: ")

    def test_a_file_where_the_data_should_be_is_told(self, tmp_path: Path) -> None:
        (tmp_path / "data").write_text("")
        (sentence,) = problems(self.settings(tmp_path))
        assert sentence.endswith("is not a folder")
