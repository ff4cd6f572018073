"""The v3 contract: /api/…, frozen."""

from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("restaurants.api.v3")),
]
