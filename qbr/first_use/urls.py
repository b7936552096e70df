from django.urls import path

from qbr.first_use import views

urlpatterns = [
    path("set-up/", views.set_up, name="set_up"),
    path("set-up/admin/", views.admin, name="set_up_admin"),
    path("set-up/calendar/", views.calendar, name="set_up_calendar"),
    path("set-up/connection/", views.connection, name="set_up_connection"),
    path("set-up/connection/<slug:slug>/", views.vendor, name="set_up_vendor"),
    path("set-up/consent/<int:connection_id>/", views.ask_consent, name="set_up_consent"),
    path("set-up/begin/<int:connection_id>/", views.begin, name="set_up_begin"),
    path("set-up/read/", views.read, name="set_up_read"),
    path("set-up/next/", views.next_, name="set_up_next"),
]
