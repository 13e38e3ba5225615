"""Every setting an operator can make: environment variables, read once into one typed value.

docs/reference/configuration.md is generated from the metadata here (`python -m tools.docs`), and a test holds it true.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from labelkeep.errors import BadInput


def _list(text: str) -> tuple[str, ...]:
    return tuple(item.strip() for item in text.split(",") if item.strip())


def _flag(text: str) -> bool:
    return {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}[text.strip().lower()]


def _size(text: str) -> int:
    units = {"k": 2**10, "m": 2**20, "g": 2**30, "t": 2**40}
    text = text.strip().lower().removesuffix("ib").removesuffix("b")
    return int(float(text[:-1]) * units[text[-1]]) if text[-1] in units else int(text)


def _networks(text: str) -> tuple[str, ...]:
    return tuple(str(ip_network(item, strict=False)) for item in _list(text))


def _days(text: str) -> int:
    days = int(text)
    if not 1 <= days <= 36500:
        raise ValueError(text)
    return days


def _zone(text: str) -> str:
    ZoneInfo(text)
    return text


def machine_zone() -> str:
    """The IANA name of the machine's time zone; UTC where it has none."""
    link = Path("/etc/localtime")
    name = os.environ.get("TZ", "").removeprefix(":") or str(link.resolve()).partition("/zoneinfo/")[2]
    return name if name in available_timezones() else "UTC"


def _setting(default: Any, parse: Callable[[str], Any], doc: str, *, secret: bool = False) -> Any:
    """`secret`: the value holds a password, so it is never printed as it is (`masked`)."""
    return field(default=default, repr=not secret, metadata={"parse": parse, "doc": doc, "secret": secret})


def masked(url: str) -> str:
    """An address without the password in it, to be shown; what cannot be understood loses more rather than less."""
    url = re.sub(r"(password=)[^&]*", r"\1***", url)
    scheme, _, rest = url.rpartition("://")
    who, at, where = rest.rpartition("@")
    user, colon, _ = who.partition(":")
    return f"{scheme}://{user}{colon and ':***'}{at}{where}" if scheme else "***"


@dataclass(frozen=True)
class Configuration:
    """The settings. Field `data_dir` is the variable `LABELKEEP_DATA_DIR`, and so on for all."""

    data_dir: Path = _setting(
        Path.home() / ".labelkeep", lambda text: Path(text).expanduser(), "Where the database and the store live."
    )
    host: str = _setting("127.0.0.1", str, "Address that `labelkeep serve` listens on.")
    port: int = _setting(8080, int, "Port that `labelkeep serve` listens on; 0 takes a free one.")
    database_url: str = _setting(
        "",
        str.strip,
        "The PostgreSQL database to use instead of SQLite in the data directory: "
        "`postgresql://user:password@host:port/name`, for a unix socket `postgresql://user@/name?host=/folder`.",
        secret=True,
    )
    public_url: str = _setting(
        "", lambda text: text.rstrip("/"), "The address people use, when it differs from the one listened on."
    )
    allowed_hosts: tuple[str, ...] = _setting(
        ("*",), _list, "Host names that requests may name, separated by commas; `*` allows any."
    )
    trusted_proxies: tuple[str, ...] = _setting(
        (), _list, "Addresses or networks of proxies whose X-Forwarded-* headers are believed."
    )
    workers: int = _setting(2, int, "Worker processes that carry out operations.")
    threads: int = _setting(32, int, "Threads that answer requests; a slow download holds one.")
    upload_limit: int = _setting(25 * 2**30, _size, "Largest single upload, for example `25GiB`.")
    reserve: int = _setting(
        256 * 2**20,
        _size,
        "Space on the disk that is kept back, so that deleting and pruning work when it is full; 0 keeps none.",
    )
    share_dir: Path | None = _setting(
        None, lambda text: Path(text).expanduser(), "A folder whose files tasks may be made from (`share`)."
    )
    allow_private_addresses: tuple[str, ...] = _setting(
        (),
        _networks,
        "Private networks that `remote_files` of tasks may be fetched from and webhooks may lie in, separated by "
        "commas, for example `10.0.0.0/8`; without it only addresses of the public net are used.",
    )
    backup_roles: tuple[str, ...] = _setting(
        ("owner", "organization owner", "admin"),
        _list,
        "Who may make, list, download and restore backups: `owner`, `assignee`, `organization owner`, "
        "`organization maintainer`, `admin`, separated by commas.",
    )
    undo_days: int = _setting(
        14,
        _days,
        "For how many days what was deleted can be brought back (1 at least); its safety backup is kept that long.",
    )
    registration: bool = _setting(False, _flag, "Whether strangers may make an account through the API.")
    confirm_invitations: bool = _setting(
        False, _flag, "Whether people who have an account are asked before an invitation makes them members."
    )
    smtp_url: str = _setting(
        "",
        str.strip,
        "The server that mails go through: `smtp://user:password@host:587` (with STARTTLS; `?starttls=no` without) or "
        "`smtps://…`; what is special in user or password is percent-encoded. Without it no mail is sent.",
        secret=True,
    )
    mail_from: str = _setting(
        "", str.strip, "The sender of mails, `name@example.org` or `Labelkeep <name@example.org>`."
    )
    time_zone: str = _setting(
        "", _zone, "Time zone of schedules where none is set, such as Europe/Berlin; empty: the machine's own."
    )
    log_level: str = _setting("INFO", str.upper, "How much is logged: DEBUG, INFO, WARNING or ERROR.")

    @classmethod
    def variable(cls, name: str) -> str:
        """The environment variable of a field."""
        return f"LABELKEEP_{name.upper()}"


def read(environment: Mapping[str, str] = os.environ) -> Configuration:
    """Read the settings.

    Raises:
        BadInput: a variable cannot be read, or an unknown `LABELKEEP_…` variable is set (a misspelt one would
            otherwise be ignored); the message names it.
    """
    known = {Configuration.variable(item.name): item for item in fields(Configuration)}
    outside = {"LABELKEEP_PASSWORD", "LABELKEEP_SERVER", "LABELKEEP_TOKEN"}  # read by commands
    unknown = [name for name in environment if name.startswith("LABELKEEP_") and name not in known.keys() | outside]
    if unknown:
        raise BadInput(f"unknown setting {', '.join(sorted(unknown))}; see `labelkeep config check --help`")
    values = {}
    for variable, item in known.items():
        text = environment.get(variable, "")
        if text == "":
            continue
        try:
            values[item.name] = item.metadata["parse"](text)
        except (ValueError, KeyError, IndexError) as error:
            given = "" if item.metadata["secret"] else f"={text!r}"
            raise BadInput(f"{variable}{given} cannot be read: {item.metadata['doc']}") from error
    return Configuration(**values)
