from django.apps import AppConfig
from django.core.checks import Tags, register
from django.db.models.signals import post_delete, post_migrate, post_save


class MetricsConfig(AppConfig):
    name = "metrics"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from metrics.checks import check_definitions, check_in_force, check_versions
        from metrics.lifecycles import write_known
        from metrics.models import InForce, LedgerCategory, OsLifecycle, QueueKind, Rule
        from metrics.rollup.marks import rule_changed

        post_migrate.connect(write_known, sender=self)
        register(check_definitions, Tags.models)
        register(check_versions, Tags.models)
        register(check_in_force, Tags.models)
        for rule in (Rule, QueueKind, LedgerCategory, InForce, OsLifecycle):
            post_save.connect(rule_changed, sender=rule, dispatch_uid=f"changed_{rule.__name__}")
            post_delete.connect(rule_changed, sender=rule, dispatch_uid=f"deleted_{rule.__name__}")
