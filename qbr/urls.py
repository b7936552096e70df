"""Every address of the product."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("", include("qbr.accounts.urls")),
    path("", include("qbr.first_use.urls")),
    path("", include("qbr.pages.urls")),
    path("", include("qbr.data.urls")),
    path("", include("qbr.quality.urls")),
    path("", include("qbr.definitions.urls")),
    path("", include("qbr.closing.urls")),
    path("", include("qbr.entry.urls")),
    path("", include("qbr.notes.urls")),
    path("admin/", admin.site.urls),
]
