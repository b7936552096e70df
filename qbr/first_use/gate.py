"""Who may take the set-up's first step: whoever sits at this machine, or holds the token its terminal printed."""

from __future__ import annotations

from ipaddress import ip_address

from django.conf import settings
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare

PASSED_ON = ("HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED", "HTTP_X_REAL_IP", "HTTP_VIA")  # a proxy hides who asks


def from_this_machine(request: HttpRequest) -> bool:
    if any(header in request.META for header in PASSED_ON):
        return False
    try:
        return ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False


def token_is_right(given: str) -> bool:
    """An installation without a token lets nobody in from elsewhere; `manage.py createsuperuser` remains."""
    return bool(settings.SETUP_TOKEN) and constant_time_compare(given.strip(), settings.SETUP_TOKEN)
