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
from labelkeep.accounts import attempts, tokens
from labelkeep.accounts.actions.change_password import change_password
from labelkeep.accounts.actions.create_user import create_user
from labelkeep.accounts.actions.request_password_reset import request_password_reset
from labelkeep.accounts.actions.reset_password import reset_password
from labelkeep.accounts.login import log_in
from labelkeep.accounts.models import AccessToken, User
from labelkeep.api.addresses import base, origin
from labelkeep.api.authentication import SessionAuthentication
from labelkeep.api.base import View
from labelkeep.api.schema import Detail, Method
from labelkeep.errors import BadInput, Forbidden


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


class ResetRequest(msgspec.Struct):
    """Who has forgotten the password."""

    email: Annotated[str, msgspec.Meta(min_length=1)]


class ResetConfirmation(msgspec.Struct):
    """A new password, with what the link in the letter says."""

    uid: str
    token: str
    new_password1: str
    new_password2: str


class _Door(View):
    """Open to strangers; the verbs limit their pace. A session that is already there must prove itself (CSRF)."""

    authentication_classes = [SessionAuthentication]
    anonymous = True
    in_organizations = False


class Login(_Door):
    """Log in."""

    methods = {"POST": Method(takes=Credentials, gives=Token)}

    def post(self, request: Request) -> Response:
        """The key; with it come the cookies of a session."""
        sent = self.body(Credentials)
        name, now = sent.username or sent.email, clock.now()
        user = log_in(name=name, password=sent.password, address=origin(request), now=now)
        if user is None:
            raise BadInput({"non_field_errors": ["Unable to log in with provided credentials."]})
        request._request.session.clear_expired()  # clients log in far more often than they log out
        auth.login(request._request, user)
        _, key = tokens.issue(user, "", AccessToken.Kind.LOGIN, now)
        return Response(Token(key=key))


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
        sent, now = self.body(Registration), clock.now()
        attempts.spend(now, (attempts.ADDRESS, origin(request)))
        if sent.password1 != sent.password2:
            raise BadInput({"non_field_errors": ["The two password fields didn't match."]})
        user = _registered(sent)
        _, key = tokens.issue(user, "", AccessToken.Kind.LOGIN, now)
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

    def post(self, request: Request) -> Response:
        """Set a new password. This session goes on, all others end."""
        sent = self.body(PasswordChange)
        change_password(
            actor=self.actor,
            now=clock.now(),
            old=sent.old_password,
            new=sent.new_password1,
            again=sent.new_password2,
            asked_from=origin(request),
        )
        if isinstance(request.successful_authenticator, SessionAuthentication):
            auth.update_session_auth_hash(request._request, self.actor.user)
        return Response({"detail": "New password has been saved."})


class RequestReset(View):
    """Ask for a letter with which a forgotten password is replaced."""

    methods = {"POST": Method(takes=ResetRequest, gives=Detail)}
    authentication_classes = []
    anonymous = True
    in_organizations = False

    def post(self, request: Request) -> Response:
        """Send a letter to this address, if somebody here has it; the answer is the same for every address."""
        email = self.body(ResetRequest).email
        request_password_reset(now=clock.now(), email=email, address=base(request), asked_from=origin(request))
        return Response(Detail(detail="Password reset e-mail has been sent."))


class ConfirmReset(View):
    """Replace a forgotten password."""

    methods = {"POST": Method(takes=ResetConfirmation, gives=Detail)}
    authentication_classes = []
    anonymous = True
    in_organizations = False

    def post(self, request: Request) -> Response:
        """Set a new password. All sessions end."""
        sent = self.body(ResetConfirmation)
        reset_password(
            now=clock.now(),
            uid=sent.uid,
            token=sent.token,
            new=sent.new_password1,
            again=sent.new_password2,
            asked_from=origin(request),
        )
        return Response(Detail(detail="Password has been reset with the new password."))


urlpatterns = [
    path("api/auth/login", Login.as_view()),
    path("api/auth/logout", Logout.as_view()),
    path("api/auth/register", Register.as_view()),
    path("api/auth/password/change", ChangePassword.as_view()),
    path("api/auth/password/reset", RequestReset.as_view()),
    path("api/auth/password/reset/confirm", ConfirmReset.as_view()),
]
