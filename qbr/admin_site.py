"""The admin, where people own the rules: connections, mapping, settings."""

from django.contrib.admin import AdminSite
from django.contrib.admin.apps import AdminConfig
from django.contrib.admin.options import BaseModelAdmin
from django.forms.models import BaseModelForm

# So that admins and forms can tell the type checker their model, as in `ModelAdmin[Organization]`; Django does not
# offer it yet.
for kind in (BaseModelAdmin, BaseModelForm):
    setattr(kind, "__class_getitem__", classmethod(lambda own, model: own))  # noqa: B010 - unknown to the types


class QbrAdminConfig(AdminConfig):
    default_site = "qbr.admin_site.QbrAdminSite"


class QbrAdminSite(AdminSite):
    site_header = site_title = "QBR administration"
    index_title = "What people decide"
