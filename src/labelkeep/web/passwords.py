"""/password/reset: the page that a letter for a forgotten password leads to."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.http import require_http_methods

from labelkeep import clock
from labelkeep.accounts import resetting
from labelkeep.accounts.actions.reset_password import reset_password
from labelkeep.errors import BadInput, TooOften
from labelkeep.web.page import failed, problems, shown, told

TITLE = "Set a new password"
OLD = "This link does not work any more: it was used, or it is older than a day. Ask for another one."


@require_http_methods(["GET", "HEAD", "POST"])
def reset(request: HttpRequest) -> HttpResponse:
    """Show the form, or do what it says."""
    uid, token = request.GET.get("uid", ""), request.GET.get("token", "")
    user = resetting.find(uid, token)
    if user is None:
        return told(request, TITLE, OLD, 400)
    if request.method != "POST":
        return shown(request, "reset.html", {"title": TITLE, "username": user.username})
    try:
        reset_password(
            now=clock.now(),
            uid=uid,
            token=token,
            new=request.POST.get("new_password1", ""),
            again=request.POST.get("new_password2", ""),
            asked_from=request.META.get("REMOTE_ADDR", ""),
        )
    except BadInput as error:
        wrong = {"title": TITLE, "username": user.username, "problems": problems(error)}
        return shown(request, "reset.html", wrong, 400)
    except TooOften as error:
        return failed(request, TITLE, error)
    return told(request, "Your password is set", f"Log in as {user.username} with your new password.")


urlpatterns = [path("password/reset", reset)]
