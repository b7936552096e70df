"""manage.py rotate_keys: encrypt every credential again with the newest key."""

from __future__ import annotations

from typing import Any

from cryptography.fernet import InvalidToken
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from collectors.connections import Connection


class Command(BaseCommand):
    help = "Encrypt every connection's credentials with the first of ENCRYPTION_KEYS; the others may then be dropped."

    def handle(self, *args: Any, **options: Any) -> None:
        done, closed = 0, []
        for key in Connection.objects.exclude(secrets_sealed=None).order_by("pk").values_list("pk", flat=True):
            with transaction.atomic():  # a token being rotated by a run is locked the same way
                source = Connection.objects.select_for_update().get(pk=key)
                try:
                    source.secrets = source.secrets
                except InvalidToken:
                    closed.append(source.label)
                    continue
                source.save(update_fields=["secrets_sealed"])
                done += 1
        self.stdout.write(f"{done} connections encrypted with the newest key.")
        if closed:
            raise CommandError(
                f"No key of ENCRYPTION_KEYS opens the credentials of: {', '.join(closed)}. "
                "Add the key they were stored with, or enter them again."
            )
