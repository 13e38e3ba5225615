"""Whether the settings can work on this machine: more than reading each of them tells (`labelkeep config check`)."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

from labelkeep.accounts.backup_roles import BACKUP_ROLES
from labelkeep.configuration import Configuration
from labelkeep.errors import BadInput
from labelkeep.mail import server as mail_server
from labelkeep.server.database import databases

LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")


def problems(settings: Configuration) -> list[str]:
    """Everything that is wrong, a sentence each, naming the variable; empty when all is well."""
    checks: tuple[Callable[[Configuration], Iterator[str]], ...] = (
        _folders,
        _database,
        _addresses,
        _numbers,
        _mail,
        _words,
    )
    return [sentence for check in checks for sentence in check(settings)]


def _folders(settings: Configuration) -> Iterator[str]:
    nearest = settings.data_dir
    while not nearest.exists() and nearest != nearest.parent:
        nearest = nearest.parent
    if not nearest.is_dir():
        yield f"LABELKEEP_DATA_DIR: {nearest} is not a folder"
    elif not os.access(nearest, os.W_OK | os.X_OK):
        yield f"LABELKEEP_DATA_DIR: {nearest} cannot be written"
    share: Path | None = settings.share_dir
    if share is not None and not (share.is_dir() and os.access(share, os.R_OK | os.X_OK)):
        yield f"LABELKEEP_SHARE_DIR: {share} is not a folder that can be read"


def _database(settings: Configuration) -> Iterator[str]:
    try:
        databases(settings.database_url, settings.data_dir)
    except BadInput as error:
        yield str(error)


def _addresses(settings: Configuration) -> Iterator[str]:
    if settings.public_url:
        url = urlsplit(settings.public_url)
        if url.scheme not in ("http", "https") or not url.hostname or url.path or url.query or url.fragment:
            yield f"LABELKEEP_PUBLIC_URL: {settings.public_url!r} is not of the form https://host or https://host:port"
    for proxy in settings.trusted_proxies:
        try:
            ipaddress.ip_network(proxy, strict=False)
        except ValueError:
            yield f"LABELKEEP_TRUSTED_PROXIES: {proxy!r} is no address or network"
    if not settings.allowed_hosts:
        yield "LABELKEEP_ALLOWED_HOSTS: no host at all would be answered"


def _numbers(settings: Configuration) -> Iterator[str]:
    if not 0 <= settings.port <= 65535:
        yield f"LABELKEEP_PORT: {settings.port} is not between 0 and 65535"
    for name in ("workers", "threads", "upload_limit"):
        if getattr(settings, name) < 1:
            yield f"{Configuration.variable(name)}: at least 1 is wanted"


def _mail(settings: Configuration) -> Iterator[str]:
    try:
        if settings.smtp_url:
            mail_server.parse(settings.smtp_url)
        mail_server.sender(settings)
    except BadInput as error:
        yield str(error)


def _words(settings: Configuration) -> Iterator[str]:
    for role in settings.backup_roles:
        if role not in BACKUP_ROLES:
            yield f"LABELKEEP_BACKUP_ROLES: {role!r} is none of {', '.join(BACKUP_ROLES)}"
    if settings.log_level not in LOG_LEVELS:
        yield f"LABELKEEP_LOG_LEVEL: {settings.log_level!r} is none of {', '.join(LOG_LEVELS)}"
