from django.urls import path

from qbr.notes import views

urlpatterns = [
    path("notes/", views.notes, name="notes"),
    path("notes/<int:pk>/take-back/", views.take_back, name="note_take_back"),
    path("limits/<str:metric>/again/", views.limits_again, name="limits_again"),
]
