"""Django with one view that does nothing, behind the product's settings: what every page is held against."""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse
from django.urls import path


def nothing(request: HttpRequest) -> HttpResponse:
    return HttpResponse("")


urlpatterns = [path("", nothing)]

if os.environ.get("DJANGO_SETTINGS_MODULE") == "tests.bench.empty_settings":
    application = get_wsgi_application()
