"""Making an account, and what a name, an address and a password must be."""

from __future__ import annotations

from collections.abc import Collection

from django.contrib.auth.password_validation import validate_password
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction

from labelkeep.accounts.models import Privilege, User
from labelkeep.errors import BadInput

PASSWORD_LIMIT = 256  # a hash of a very long one would keep the processor busy


def create_user(
    *,
    username: str,
    password: str,
    email: str = "",
    first_name: str = "",
    last_name: str = "",
    admin: bool = False,
    privilege: Privilege = Privilege.USER,
) -> User:
    """Make an account. Who may do so is the front's business: the operator's command line may, and strangers
    through the API where LABELKEEP_REGISTRATION lets them.

    Raises:
        BadInput: `{field: [sentences]}` for a name or address that is taken or malformed, or a poor password.
    """
    user = User(
        username=User.normalize_username(username),
        email=User.objects.normalize_email(email),
        first_name=first_name,
        last_name=last_name,
        privilege=privilege,
        is_staff=admin,
        is_superuser=admin,
    )
    problems = name_problems(user.username) | email_problems(user.email) | password_problems(password, user)
    if problems:
        raise BadInput(problems)
    user.set_password(password)
    save_user(user)
    return user


def save_user(user: User, only: Collection[str] | None = None) -> None:
    """Save, all fields or some, where somebody else may take the same name or address at the same time.

    Raises:
        BadInput: it is taken.
    """
    try:
        with transaction.atomic():
            user.save(update_fields=only)
    except IntegrityError as error:
        others = User.objects.exclude(pk=user.pk)
        if others.filter(username__iexact=user.username).exists():
            raise BadInput({"username": ["A user with that username already exists."]}) from error
        raise BadInput({"email": ["A user is already registered with this e-mail address."]}) from error


def name_problems(username: str) -> dict[str, list[str]]:
    """What is wrong with a name to log in with."""
    if not username:
        return {"username": ["This field may not be blank."]}
    if len(username) > 150:
        return {"username": ["Ensure this field has no more than 150 characters."]}
    try:
        UnicodeUsernameValidator()(username)
    except ValidationError as error:
        return {"username": error.messages}
    return {}


def email_problems(email: str) -> dict[str, list[str]]:
    """What is wrong with an address; none at all is right."""
    if len(email) > 254:
        return {"email": ["Ensure this field has no more than 254 characters."]}
    try:
        if email:
            validate_email(email)
    except ValidationError as error:
        return {"email": error.messages}
    return {}


def password_problems(password: str, user: User, field: str = "password") -> dict[str, list[str]]:
    """What is wrong with a password for this user."""
    if len(password) > PASSWORD_LIMIT:
        return {field: [f"Ensure this field has no more than {PASSWORD_LIMIT} characters."]}
    try:
        validate_password(password, user)
    except ValidationError as error:
        return {field: error.messages}
    return {}
