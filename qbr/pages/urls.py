"""Every page that is read: one line each; addresses, menu and exports follow from it."""

from django.urls import path

from qbr.pages import (
    business_review,
    client,
    financial,
    gaps,
    operations,
    portfolio,
    security,
    service,
    smartnumbers,
    today,
    views,
)

PAGES = (
    today.PAGE,
    portfolio.PAGE,
    client.PAGE,
    operations.PAGE,
    security.PAGE,
    gaps.PAGE,
    service.PAGE,
    financial.PAGE,
    smartnumbers.PAGE,
    business_review.PAGE,
)

urlpatterns = [
    *(path(f"{page.path}/" if page.path else "", views.page, {"page": page}, name=page.name) for page in PAGES),
    path("numbers/<str:metric>/", views.working, name="number"),
    path("clients/", views.clients, name="clients"),
]
