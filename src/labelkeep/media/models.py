"""What the database knows of stored bytes, and of bytes that are still arriving.

`StoredObject` is the index table of design §1: it can be rebuilt from the store at any time (`store.rebuild`), so it is
a cache of the store's own `index/` objects with the media facts beside it.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models


class StoredObject(models.Model):
    """A blob or document in the live store: where its bytes are, and what was learnt when they came in."""

    class Kind(models.TextChoices):
        BLOB = "blob"
        DOCUMENT = "document"

    name = models.CharField(max_length=67, primary_key=True)  # "b3:" and 64 hex digits
    kind = models.CharField(max_length=8, choices=Kind.choices)
    size = models.BigIntegerField()  # bytes of the content itself (a document: uncompressed)
    stored_size = models.BigIntegerField()  # bytes in the store
    crc32 = models.PositiveBigIntegerField()  # of the content itself
    # The object that holds the bytes: a pack, or one of its own.
    pack = models.CharField(max_length=255, blank=True, db_index=True)
    offset = models.BigIntegerField(default=0)  # where the bytes begin in a pack; 0: alone
    condemned_at = models.DateTimeField(null=True)  # prune's mark (invariant 9)
    read_at = models.DateTimeField(null=True)  # when it was last read back and hashed
    fault = models.CharField(max_length=16, blank=True, db_default="")  # what was wrong then: missing, damaged …

    class Meta:
        indexes = [
            models.Index(
                fields=["condemned_at"], name="object_condemned", condition=models.Q(condemned_at__isnull=False)
            ),
            models.Index(fields=["name"], name="object_faulty", condition=~models.Q(fault="")),
        ]

    def __str__(self) -> str:
        return self.name


class Upload(models.Model):
    """A file on its way in: tus or multipart. Its bytes lie in the store's `uploads/` area, one object a chunk, each
    durable before `offset` says so. Only its owner may see or use it."""

    id = models.CharField(max_length=64, primary_key=True)  # "<user id>_<uuid4>", as on the wire
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    purpose = models.CharField(max_length=32)  # project-backup | task-backup | task-data | asset …
    target_id = models.BigIntegerField(null=True)  # the task that the data is for
    filename = models.CharField(max_length=1024)
    length = models.BigIntegerField()
    offset = models.BigIntegerField(default=0)
    created_date = models.DateTimeField()
    expires_date = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["purpose", "target_id"], name="upload_target")]

    def __str__(self) -> str:
        return f"{self.filename} {self.offset}/{self.length}"


class UploadChunk(models.Model):
    """One durable piece of an upload. Small files of one request share an object; `position`: where this one begins."""

    upload = models.ForeignKey(Upload, on_delete=models.CASCADE, related_name="chunks")
    start = models.BigIntegerField()
    size = models.BigIntegerField()
    key = models.CharField(max_length=255, db_index=True)  # the object in the store
    position = models.BigIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["upload", "start"], name="one_chunk_per_start")]

    def __str__(self) -> str:
        return f"{self.upload_id}@{self.start}"
