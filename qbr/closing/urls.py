from django.urls import path

from qbr.closing import deciding, views

urlpatterns = [
    path("periods/", views.periods, name="periods"),
    path("periods/<str:period>/", views.period, name="period"),
    path("periods/<str:period>/close/", views.close, name="period_close"),
    path("periods/<str:period>/reopen/", views.reopen, name="period_reopen"),
    path("restatements/", deciding.restatements, name="restatements"),
    path("restatements/decide/", deciding.decide, name="restatements_decide"),
    path("restatements/<int:pk>/", deciding.restatement, name="restatement"),
]
