"""/api/auth: logging in and out, registering, changing a password. Tokens are in tokens.py.

CVAT's client logs in with a name and a password and from then on speaks with both cookies, so login must set both;
older ones use the key of the body.
"""

from __future__ import annotations

from typing import Annotated, TypedDict

import msgspec
from django.conf import settings
from django.contrib import auth
from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response

from labelkeep import clock
from labelkeep.accounts import tokens
from labelkeep.accounts.actions.change_password import change_password
from labelkeep.accounts.actions.create_user import create_user
from labelkeep.accounts.models import AccessToken, User
from labelkeep.api.authentication import SessionAuthentication
from labelkeep.api.base import View
from labelkeep.api.schema import Detail, Method
from labelkeep.api.throttling import StrangersThrottle
from labelkeep.errors import BadInput, Forbidden, NotFound

NO_MAIL = "This server sends no mail. Ask its operator for a new password."


class Credentials(msgspec.Struct):
    """Who wants in."""

    password: str
    username: str = ""
    email: str = ""


class Registration(msgspec.Struct):
    """Who wants an account."""

    username: Annotated[str, msgspec.Meta(min_length=5, max_length=150)]
    password1: str
    password2: str
    email: Annotated[str, msgspec.Meta(min_length=1)]
    first_name: Annotated[str, msgspec.Meta(max_length=150)] = ""
    last_name: Annotated[str, msgspec.Meta(max_length=150)] = ""


class PasswordChange(msgspec.Struct):
    """A new password."""

    new_password1: str
    new_password2: str
    old_password: str


class Token(TypedDict):
    """The key of a login."""

    key: str


class Registered(TypedDict):
    """The account that was made; `key` logs it in."""

    username: str
    email: str
    first_name: str
    last_name: str
    email_verification_required: bool
    key: str | None


class _Door(View):
    """Open to strangers, so the pace is limited. A session that is already there must prove itself (CSRF)."""

    authentication_classes = [SessionAuthentication]
    throttle_classes = [StrangersThrottle]
    anonymous = True
    in_organizations = False


class Login(_Door):
    """Log in."""

    methods = {"POST": Method(takes=Credentials, gives=Token)}

    def post(self, request: Request) -> Response:
        """The key; with it come the cookies of a session."""
        sent = self.body(Credentials)
        name = sent.username or sent.email
        user = auth.authenticate(request._request, username=name, password=sent.password)
        if user is None:
            raise BadInput({"non_field_errors": ["Unable to log in with provided credentials."]})
        request._request.session.clear_expired()  # clients log in far more often than they log out
        auth.login(request._request, user)
        _, key = tokens.issue(user, "", AccessToken.Kind.LOGIN, clock.now())
        return Response({"key": key})


class Logout(View):
    """Log out."""

    methods = {"POST": Method(gives=Detail)}
    anonymous = True
    in_organizations = False
    read_only_methods = View.read_only_methods | {"POST"}

    def post(self, request: Request) -> Response:
        """End this session and the key of the login. A personal token is left alone: it is revoked, not logged out."""
        if request.user.is_authenticated and not self.actor.is_personal_token:
            tokens.forget_login_key(self.actor.user)
            auth.logout(request._request)
        return Response({"detail": "Successfully logged out."})


class Register(_Door):
    """Register."""

    methods = {"POST": Method(takes=Registration, gives=Registered, status=201)}

    def post(self, request: Request) -> Response:
        """Make an account, where the operator lets strangers do so."""
        if not settings.CONFIGURATION.registration:
            raise Forbidden("This server's operator makes the accounts (LABELKEEP_REGISTRATION is off).")
        sent = self.body(Registration)
        if sent.password1 != sent.password2:
            raise BadInput({"non_field_errors": ["The two password fields didn't match."]})
        user = _registered(sent)
        _, key = tokens.issue(user, "", AccessToken.Kind.LOGIN, clock.now())
        answer: Registered = {
            "username": user.username,
            "email": user.email,
            "first_name": user.first_name,
            "last_name": user.last_name,
            "email_verification_required": False,
            "key": key,
        }
        return Response(answer, status=201)


def _registered(sent: Registration) -> User:
    try:
        return create_user(
            username=sent.username,
            password=sent.password1,
            email=sent.email,
            first_name=sent.first_name,
            last_name=sent.last_name,
        )
    except BadInput as error:
        wire = {"password": "password1"}
        raise BadInput({wire.get(field, field): told for field, told in error.detail.items()}) from error


class ChangePassword(View):
    """Change the password."""

    methods = {"POST": Method(takes=PasswordChange, gives=Detail)}
    in_organizations = False
    throttle_classes = [StrangersThrottle]

    def post(self, request: Request) -> Response:
        """Set a new password. This session goes on, all others end."""
        sent = self.body(PasswordChange)
        change_password(actor=self.actor, old=sent.old_password, new=sent.new_password1, again=sent.new_password2)
        if isinstance(request.successful_authenticator, SessionAuthentication):
            auth.update_session_auth_hash(request._request, self.actor.user)
        return Response({"detail": "New password has been saved."})


class ResetPassword(View):
    """POST /api/auth/password/reset[/confirm]: there is no mail to send a link with."""

    authentication_classes = []
    anonymous = True

    def post(self, request: Request) -> Response:
        """Say so, the same for every address."""
        raise NotFound(NO_MAIL)


urlpatterns = [
    path("api/auth/login", Login.as_view()),
    path("api/auth/logout", Logout.as_view()),
    path("api/auth/register", Register.as_view()),
    path("api/auth/password/change", ChangePassword.as_view()),
    path("api/auth/password/reset", ResetPassword.as_view()),
    path("api/auth/password/reset/confirm", ResetPassword.as_view()),
]
