from django.urls import path

from qbr.entry import imports, views

urlpatterns = [
    path("entry/", views.months, name="entry"),
    path("import/", imports.upload, name="import"),
    path("import/<uuid:upload_id>/", imports.preview, name="import_preview"),
    path("import/<uuid:upload_id>/confirm/", imports.confirm, name="import_confirm"),
]
