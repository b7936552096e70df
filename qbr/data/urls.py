from django.urls import path

from qbr.data import views

urlpatterns = [
    path("data/", views.overview, name="data"),
    path("data/runs/", views.runs, name="data_runs"),
    path("data/parts/", views.parts, name="data_parts"),
    path("data/connections/<int:connection_id>/collect/", views.collect, name="data_collect"),
    path("data/connections/<int:connection_id>/progress/", views.progress, name="data_progress"),
]
