"""A file on its way in: kept between the preview of an import and its confirmation, then forgotten."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, ClassVar, cast
from uuid import uuid4

from django.conf import settings
from django.contrib.auth.models import User
from django.core.files.uploadedfile import UploadedFile
from django.db import models
from django.http import HttpRequest
from django.utils import timezone

KEPT_FOR = timedelta(hours=1)


class Upload(models.Model):
    """In the database, since the next request may be answered by another web process or machine."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    session = models.TextField()  # only the session that sent it may confirm it
    name = models.TextField()
    content = models.BinaryField()
    asked = models.JSONField(default=dict)  # of a file of records: what it holds, whose it is and its days; else {}
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "upload"
        indexes: ClassVar = [models.Index(fields=["at"], name="upload_age")]

    @classmethod
    def keep(cls, request: HttpRequest, file: UploadedFile[bytes], asked: Mapping[str, Any] | None = None) -> Upload:
        """The file, kept for the person and the session that sent it; what is too old is forgotten."""
        cls.forget_old()
        return cls.objects.create(
            by=cast(User, request.user), session=request.session.session_key or "", name=str(file.name)[:200],
            content=file.read(), asked=dict(asked or {}),
        )  # fmt: skip

    @classmethod
    def sent_in(cls, request: HttpRequest) -> models.QuerySet[Upload]:
        """What this person sent in this session, and is still kept."""
        session, since = request.session.session_key or "", timezone.now() - KEPT_FOR
        return cls.objects.filter(by=cast(User, request.user), session=session, at__gte=since)

    @classmethod
    def forget_old(cls) -> None:
        cls.objects.filter(at__lt=timezone.now() - KEPT_FOR).delete()
