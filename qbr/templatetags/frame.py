"""The parts of the frame that templates call by name."""

from __future__ import annotations

from django import template
from django.conf import settings
from django.template.context import RequestContext
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString

from qbr.pages import markup
from qbr.pages.menu import Group
from qbr.pages.menu import menu as menu_for
from qbr.pages.tables import Table

register = template.Library()


@register.simple_tag
def icon(name: str) -> SafeString:
    return format_html('<svg class="icon" aria-hidden="true"><use href="{}#{}"></use></svg>', static("icons.svg"), name)


@register.simple_tag
def table(shown: Table, caption: str, css: str = "") -> SafeString:
    return markup.table(shown, caption, css)


@register.simple_tag(takes_context=True)
def menu(context: RequestContext) -> list[Group]:
    request = context.get("request")
    if request is None or not request.user.is_authenticated:
        return []
    return menu_for(request.user, request.path, request.GET.dict())


@register.simple_tag
def demo_mark() -> SafeString | str:
    if not settings.DEMO:
        return ""
    return format_html(
        '<aside class="demo-mark" aria-label="Demo">{}</aside>',
        "Demo data: an invented company, collected from a sandbox.",
    )
