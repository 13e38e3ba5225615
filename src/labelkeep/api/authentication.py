"""How a request says who sends it: Token, Bearer, session, Basic, asked in this order.

A scheme whose header is present and wrong is an error; it does not fall through to the next one (cvat-protocol §2).
"""

from __future__ import annotations

import base64
import hashlib
import secrets
import threading
from collections import OrderedDict

from django.http import QueryDict
from django.utils.datastructures import MultiValueDict
from rest_framework import authentication
from rest_framework.exceptions import AuthenticationFailed, Throttled
from rest_framework.request import Request

from labelkeep import clock
from labelkeep.accounts import tokens
from labelkeep.accounts.backends import find
from labelkeep.accounts.login import log_in
from labelkeep.accounts.models import AccessToken, User
from labelkeep.api.addresses import origin
from labelkeep.errors import NotAuthenticated, TooOften


class TokenAuthentication(authentication.BaseAuthentication):
    """`Authorization: Token …`: the key of a login, or a personal access token."""

    keyword = "Token"

    def authenticate(self, request: Request) -> tuple[User, AccessToken] | None:
        """The owner and the token; None where the header names another scheme."""
        scheme, _, secret = request.META.get("HTTP_AUTHORIZATION", "").strip().partition(" ")
        if scheme.lower() != self.keyword.lower():
            return None
        try:
            token = tokens.authenticate(secret.strip(), clock.now())
        except NotAuthenticated as error:
            raise AuthenticationFailed(error.detail) from error
        return token.owner, token

    def authenticate_header(self, request: Request) -> str:
        """What a 401 asks for."""
        return self.keyword


class BearerAuthentication(TokenAuthentication):
    """`Authorization: Bearer …`: a personal access token."""

    keyword = "Bearer"


class SessionAuthentication(authentication.SessionAuthentication):
    """The session cookie, with the CSRF token on every request that changes something."""

    def enforce_csrf(self, request: Request) -> None:
        """Check the token in the header alone.

        Django looks for it in a form field too, and would read a whole upload into memory and files for that.
        """
        inner = request._request
        inner._post, inner._files = QueryDict(), MultiValueDict()  # type: ignore[attr-defined]
        super().enforce_csrf(inner)  # type: ignore[arg-type]


class BasicAuthentication(authentication.BaseAuthentication):
    """`Authorization: Basic …`: name and password with every request.

    A password hash is slow on purpose; CVAT's clients send Basic with each of hundreds of requests. So a pair that was
    right is remembered in this process, as a hash keyed by a secret of this process, for as long as the stored hash of
    the password stays the same.
    """

    REMEMBERED = 256

    def __init__(self) -> None:
        self.remembered = _REMEMBERED

    def authenticate(self, request: Request) -> tuple[User, None] | None:
        """The user; None where the header names another scheme."""
        scheme, _, encoded = request.META.get("HTTP_AUTHORIZATION", "").strip().partition(" ")
        if scheme.lower() != "basic":
            return None
        try:
            name, colon, password = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
        except ValueError as error:
            raise AuthenticationFailed("Invalid basic header. Credentials not correctly base64 encoded.") from error
        user = self._user(request, name, password) if colon else None
        if user is None:
            raise AuthenticationFailed("Invalid username/password.")
        return user, None

    def _user(self, request: Request, name: str, password: str) -> User | None:
        known = find(name)
        if known is not None and known.is_active and self.remembered.has(known, password):
            return known
        try:
            user = log_in(name=name, password=password, address=origin(request), now=clock.now())
        except TooOften as error:
            raise Throttled(error.seconds) from error
        if user is not None:
            self.remembered.add(user, password)
        return user


class _Remembered:
    """The last few right passwords, by keyed hash; old ones are forgotten first."""

    def __init__(self, size: int) -> None:
        self._size, self._key = size, secrets.token_bytes(32)
        self._seen: OrderedDict[bytes, None] = OrderedDict()
        self._lock = threading.Lock()

    def _name(self, user: User, password: str) -> bytes:
        text = f"{user.pk}\0{user.password}\0{password}".encode()
        return hashlib.blake2b(text, key=self._key, digest_size=32).digest()

    def has(self, user: User, password: str) -> bool:
        with self._lock:
            return self._name(user, password) in self._seen

    def add(self, user: User, password: str) -> None:
        with self._lock:
            self._seen[self._name(user, password)] = None
            while len(self._seen) > self._size:
                self._seen.popitem(last=False)


_REMEMBERED = _Remembered(BasicAuthentication.REMEMBERED)
