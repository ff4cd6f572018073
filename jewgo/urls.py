"""Every route of the service."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("", include("jewgo.urls_v3")),
    path("", include("jewgo.urls_v4")),
]
