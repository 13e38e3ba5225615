"""Who there is: users, their organizations and memberships, and the tokens that stand for them.

A token is kept as the SHA-256 of its secret, never as itself (invariant 10). Personal access tokens and the keys that
`POST /api/auth/login` hands out are one model: they differ in `kind` only.
"""

from __future__ import annotations

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models.functions import Lower


class Privilege(models.TextChoices):
    """What a person may do at most, anywhere on the server, weakest first. A superuser is above all of them."""

    NONE = "none"
    WORKER = "worker"
    USER = "user"


class User(AbstractUser):
    """A person. Usernames and e-mail addresses are matched without regard to case at login.

    `privilege` stands for CVAT's three user groups (the wire shows it as `groups`): a column, so that asking what
    somebody may do needs no further query.
    """

    privilege = models.CharField(max_length=8, choices=Privilege.choices, default=Privilege.USER)

    class Meta(AbstractUser.Meta):
        constraints = [
            models.UniqueConstraint(Lower("username"), name="usernames_differ_in_more_than_case"),
            models.UniqueConstraint(Lower("email"), condition=~models.Q(email=""), name="one_user_per_email"),
        ]
        indexes = [
            models.Index(fields=["first_name"], name="user_first_name"),
            models.Index(fields=["last_name"], name="user_last_name"),
        ]


class Role(models.TextChoices):
    """Roles inside an organization, weakest first."""

    WORKER = "worker"
    SUPERVISOR = "supervisor"
    MAINTAINER = "maintainer"
    OWNER = "owner"


class Organization(models.Model):
    """A workspace that people share."""

    slug = models.SlugField(max_length=16, unique=True)
    name = models.CharField(max_length=64, blank=True)
    description = models.TextField(blank=True)
    contact = models.JSONField(default=dict, blank=True)
    owner = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    created_date = models.DateTimeField()
    updated_date = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["name"], name="organization_name")]

    def __str__(self) -> str:
        return self.slug


class Quota(models.Model):
    """How much one person may keep outside of organizations, or one organization may. Null: no bound."""

    user = models.OneToOneField(User, null=True, on_delete=models.CASCADE, related_name="quota")
    organization = models.OneToOneField(Organization, null=True, on_delete=models.CASCADE, related_name="quota")
    projects = models.PositiveIntegerField(null=True)
    bytes = models.BigIntegerField(null=True)  # of media, each task's counted for itself

    def __str__(self) -> str:
        return f"quota of {self.organization_id or self.user_id}"


class Membership(models.Model):
    """A user's place in an organization."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="members")
    role = models.CharField(max_length=16, choices=Role.choices)
    is_active = models.BooleanField(default=True)
    joined_date = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "organization"], name="one_membership_per_user")]
        indexes = [models.Index(fields=["role"], name="membership_role")]

    def __str__(self) -> str:
        return f"{self.user_id} in {self.organization_id} as {self.role}"


class Invitation(models.Model):
    """The way into an organization: a membership that is not active until its user accepts.

    `key` is the secret of the link that is mailed. Nothing here says "expired": that follows from `sent_date`.
    """

    key = models.CharField(max_length=64, primary_key=True)
    membership = models.OneToOneField(Membership, on_delete=models.CASCADE, related_name="invitation")
    owner = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    created_date = models.DateTimeField()
    sent_date = models.DateTimeField(null=True)
    accepted = models.BooleanField(default=False)

    class Meta:
        indexes = [models.Index(fields=["created_date"], name="invitation_created")]

    def __str__(self) -> str:
        return f"invitation to {self.membership_id}"


class LoginAttempts(models.Model):
    """How often a password was tried lately, from one address or for one account; counted by all processes together.

    `subject` is a keyed hash of the address or the name, never themselves.
    """

    subject = models.CharField(max_length=64, primary_key=True)
    count = models.PositiveIntegerField(default=0)
    since = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"{self.count} since {self.since}"


class AccessToken(models.Model):
    """A secret that stands for a user. `digest` is the SHA-256 hex of the whole token; `prefix` finds the row."""

    class Kind(models.TextChoices):
        PERSONAL = "personal"
        LOGIN = "login"

    owner = models.ForeignKey(User, on_delete=models.CASCADE, related_name="access_tokens")
    kind = models.CharField(max_length=8, choices=Kind.choices, default=Kind.PERSONAL)
    name = models.CharField(max_length=50)
    prefix = models.CharField(max_length=8, db_index=True)
    digest = models.CharField(max_length=64, unique=True)
    read_only = models.BooleanField(default=True)
    revoked = models.BooleanField(default=False)
    created_date = models.DateTimeField()
    updated_date = models.DateTimeField()
    expiry_date = models.DateTimeField(null=True)
    last_used_date = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"
