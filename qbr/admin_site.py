"""The admin, where people own the rules: connections, mapping, settings."""

from django.contrib.admin import AdminSite
from django.contrib.admin.apps import AdminConfig


class QbrAdminConfig(AdminConfig):
    default_site = "qbr.admin_site.QbrAdminSite"


class QbrAdminSite(AdminSite):
    site_header = site_title = "QBR administration"
    index_title = "What people decide"
