from django.urls import path

from qbr.data import uploads, views

urlpatterns = [
    path("data/", views.overview, name="data"),
    path("data/runs/", views.runs, name="data_runs"),
    path("data/parts/", views.parts, name="data_parts"),
    path("data/connections/<int:connection_id>/collect/", views.collect, name="data_collect"),
    path("data/connections/<int:connection_id>/progress/", views.progress, name="data_progress"),
    path("data/files/", uploads.files, name="data_files"),
    path("data/files/<uuid:upload_id>/", uploads.preview, name="data_file_preview"),
    path("data/files/<uuid:upload_id>/load/", uploads.confirm, name="data_file_load"),
    path("data/files/<int:file_id>/", uploads.loaded, name="data_file"),
    path("data/templates/<slug:key>.<slug:form>", uploads.template, name="data_template"),
]
