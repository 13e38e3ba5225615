"""Checks that several actions make of what they are given; the sentences are those of the wire (§1.3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from django.db.models import Model

from labelkeep.accounts.models import Organization, User
from labelkeep.errors import BadInput, NotFound

# "Not given", where None means "none". msgspec's own, so that a front hands on what it decoded.
Unset = msgspec.UnsetType
UNSET = msgspec.UNSET


def text(field: str, value: str, *, limit: int, blank: bool = False) -> str:
    """`value` without white space around it, when it is short enough and not blank.

    Raises:
        BadInput: `{field: [sentence]}`.
    """
    value = value.strip()
    if not value and not blank:
        raise BadInput({field: ["This field may not be blank."]})
    if "\x00" in value:
        raise BadInput({field: ["Null characters are not allowed."]})
    if len(value) > limit:
        raise BadInput({field: [f"Ensure this field has no more than {limit} characters."]})
    return value


def choice(field: str, value: str, allowed: tuple[str, ...]) -> str:
    """`value`, when it is one of `allowed`."""
    if value not in allowed:
        raise BadInput({field: [f'"{value}" is not a valid choice.']})
    return value


def user(field: str, id: int | None) -> User | None:
    """The user with this id; None stays None."""
    if id is None:
        return None
    found = User.objects.filter(pk=id, is_active=True).first()
    if found is None:
        raise BadInput({field: [f'Invalid pk "{id}" - object does not exist.']})
    return found


def organization(field: str, id: int | None) -> Organization | None:
    """The organization with this id; None, the sandbox, stays None."""
    if id is None:
        return None
    found = Organization.objects.filter(pk=id).first()
    if found is None:
        raise BadInput({field: [f'Invalid pk "{id}" - object does not exist.']})
    return found


def storage(field: str, value: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Where exports go or imports come from: `{"location", "cloud_storage_id"}`, or None.

    Raises:
        BadInput: an unknown location, or a cloud storage; this server has none registered, so none can be named.
    """
    if value is None:
        return None
    location, cloud = value.get("location"), value.get("cloud_storage_id")
    if location is None:
        if cloud is not None:
            raise BadInput({field: ["The configuration is not full, the location=cloud_storage is missing"]})
        location = "local"
    choice(field, location, ("local", "cloud_storage"))
    if location == "local":
        if cloud is not None:
            raise BadInput({field: ["It is not allowed to specify 'local' location together with cloud storage id"]})
        return {"location": "local", "cloud_storage_id": None}
    if cloud is None:
        raise BadInput({field: ["Cloud storage was selected as location but its id was not specified"]})
    raise BadInput({field: [f"The specified cloud storage {cloud} does not exist."]})


def natural(field: str, value: int) -> int:
    """`value`, when it is from 0 to 2³¹ - 1."""
    if value < 0:
        raise BadInput({field: ["Ensure this value is greater than or equal to 0."]})
    if value > 2**31 - 1:
        raise BadInput({field: ["Ensure this value is less than or equal to 2147483647."]})
    return value


def change(row: Model, changes: Mapping[str, Any]) -> None:
    """Set and save these fields alone, so that what somebody else changes at the same time stays.

    Raises:
        NotFound: somebody removed it meanwhile.
    """
    if changes and not type(row)._default_manager.filter(pk=row.pk).update(**changes):
        raise NotFound()
    for name, value in changes.items():
        setattr(row, name, value)
