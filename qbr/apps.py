from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class QbrConfig(AppConfig):
    name = "qbr"

    def ready(self) -> None:
        post_migrate.connect(_schedule, sender=self)


def _schedule(**_: Any) -> None:
    """An installation that is migrated has its worker's schedules, however its connections came about."""
    from qbr import tasks

    tasks.schedules()
