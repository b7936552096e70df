from django.urls import path

from qbr.quality import views

urlpatterns = [
    path("quality/", views.overview, name="quality"),
    path("quality/decide/", views.decide, name="quality_decide"),
]
