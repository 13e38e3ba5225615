"""The proof in the link of a password letter. It is never stored: it is computed from what a new password changes."""

from __future__ import annotations

from urllib.parse import urlencode

from django.contrib.auth.tokens import default_token_generator
from django.utils.http import urlsafe_base64_decode, urlsafe_base64_encode

from labelkeep.accounts.models import User

PAGE = "/password/reset"


def link(address: str, user: User) -> str:
    """The page where the user sets a new password, once, within a day (settings.PASSWORD_RESET_TIMEOUT)."""
    uid = urlsafe_base64_encode(str(user.pk).encode())
    return f"{address}{PAGE}?{urlencode({'uid': uid, 'token': default_token_generator.make_token(user)})}"


def find(uid: str, token: str) -> User | None:
    """The user whom a link was made for; None when it is false, used or too old."""
    try:
        pk = int(urlsafe_base64_decode(uid).decode("ascii"))
    except ValueError:
        return None
    user = User.objects.filter(pk=pk, is_active=True).first() if 0 < pk < 2**63 else None
    return user if user is not None and default_token_generator.check_token(user, token) else None
