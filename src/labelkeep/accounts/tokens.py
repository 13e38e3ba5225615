"""Secrets that stand for a user: personal access tokens, and the key that a password login hands out.

A secret is never stored, only its SHA-256 (invariant 10). CVAT hands out one key a user and repeats it at the next
login, so a login key is not drawn at random but derived: HMAC of the server's secret over the user and a nonce kept in
the row's `name`. The database alone does not tell it; logout and a changed password delete the row, and the next login
draws another nonce.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import string
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.crypto import salted_hmac

from labelkeep.accounts.models import AccessToken, User
from labelkeep.errors import BadInput, NotAuthenticated, NotFound
from labelkeep.transactions import hold

Kind = AccessToken.Kind
ALPHABET = string.ascii_letters + string.digits
PREFIX_LENGTH, SECRET_LENGTH = 8, 32
UNUSED_LIFETIME = timedelta(days=182)  # a personal token that nobody used for so long is dead
TOUCH_EVERY = timedelta(minutes=1)  # how exact last_used_date is; a write for each request would be dear
MAXIMUM = 50


def digest(secret: str) -> str:
    """What is kept of a secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


def issue(
    owner: User,
    name: str,
    kind: AccessToken.Kind,
    now: datetime,
    *,
    read_only: bool = True,
    expiry: datetime | None = None,
) -> tuple[AccessToken, str]:
    """Make a token and return it with its secret, which cannot be had again (a login key: which is had again).

    Raises:
        BadInput: the owner has as many live personal tokens as one user may have.
    """
    with transaction.atomic():
        hold(User.objects.filter(pk=owner.pk))  # one key a user, and no more tokens than MAXIMUM
        if kind == Kind.LOGIN:
            return _login_key(owner, now)
        return _new(owner, name, now, read_only, expiry)


def _new(owner: User, name: str, now: datetime, read_only: bool, expiry: datetime | None) -> tuple[AccessToken, str]:
    if live(owner, now).count() >= MAXIMUM:
        raise BadInput("You have reached the maximum allowed number of Personal Access Tokens for a user")
    prefix, body = _random(PREFIX_LENGTH), _random(SECRET_LENGTH)
    secret = f"{prefix}.{body}"
    token = AccessToken.objects.create(
        owner=owner,
        kind=Kind.PERSONAL,
        name=name,
        prefix=prefix,
        digest=digest(secret),
        read_only=read_only,
        created_date=now,
        updated_date=now,
        expiry_date=expiry,
    )
    return token, secret


def live(owner: User, now: datetime) -> QuerySet[AccessToken]:
    """The personal tokens of a user that still open doors; no others are ever shown."""
    used = Q(last_used_date__gt=now - UNUSED_LIFETIME)
    fresh = Q(last_used_date=None, created_date__gt=now - UNUSED_LIFETIME)
    unexpired = Q(expiry_date=None) | Q(expiry_date__gt=now)
    return AccessToken.objects.filter(unexpired, used | fresh, owner=owner, kind=Kind.PERSONAL, revoked=False)


def authenticate(secret: str, now: datetime) -> AccessToken:
    """The live token of a secret, its owner loaded.

    Raises:
        NotAuthenticated: no such secret, or revoked, expired, long unused, or its owner may not log in.
    """
    wanted = digest(secret)
    rows = AccessToken.objects.select_related("owner").filter(prefix=secret[:PREFIX_LENGTH], revoked=False)
    found = [token for token in rows if hmac.compare_digest(token.digest, wanted)]
    if not found or not _alive(found[0], now):
        raise NotAuthenticated("Invalid token.")
    token = found[0]
    if not token.owner.is_active:
        raise NotAuthenticated("User inactive or deleted.")
    if token.last_used_date is None or now - token.last_used_date >= TOUCH_EVERY:
        AccessToken.objects.filter(pk=token.pk).update(last_used_date=now)
        token.last_used_date = now
    return token


def revoke(owner: User, pk: int, now: datetime) -> None:
    """Make a personal token worthless at once.

    Raises:
        NotFound: the owner has no such live token.
    """
    if not live(owner, now).filter(pk=pk).update(revoked=True, updated_date=now):
        raise NotFound("No AccessToken matches the given query.")


def forget_login_key(owner: User) -> None:
    """Make the key of earlier logins worthless: at logout, and when the password changes."""
    AccessToken.objects.filter(owner=owner, kind=Kind.LOGIN).delete()


def _login_key(owner: User, now: datetime) -> tuple[AccessToken, str]:
    row = AccessToken.objects.filter(owner=owner, kind=Kind.LOGIN, revoked=False).order_by("pk").first()
    if row is not None:
        secret = _derive(owner, row.name)
        if hmac.compare_digest(row.digest, digest(secret)):
            return row, secret
        row.delete()  # the server has a new secret: the old key can no longer be told
    nonce = secrets.token_hex(16)
    secret = _derive(owner, nonce)
    row = AccessToken.objects.create(
        owner=owner,
        kind=Kind.LOGIN,
        name=nonce,
        prefix=secret[:PREFIX_LENGTH],
        digest=digest(secret),
        read_only=False,
        created_date=now,
        updated_date=now,
    )
    return row, secret


def _derive(owner: User, nonce: str) -> str:
    return salted_hmac("labelkeep.accounts.login-key", f"{owner.pk}:{nonce}", algorithm="sha256").hexdigest()[:40]


def _random(length: int) -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(length))


def _alive(token: AccessToken, now: datetime) -> bool:
    if token.kind == Kind.LOGIN:
        return True
    last = token.last_used_date or token.created_date
    return (token.expiry_date is None or token.expiry_date > now) and last > now - UNUSED_LIFETIME
