from django.urls import path

from qbr.definitions import views

urlpatterns = [
    path("definitions/", views.definitions, name="definitions"),
    path("definitions/<str:metric>/", views.definition, name="definition"),
]
