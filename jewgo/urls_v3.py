"""The v3 contract: /api/…, frozen."""

from django.urls import URLPattern, URLResolver, include, path

from jewgo import health

urlpatterns: list[URLPattern | URLResolver] = [
    *health.v3,
    path("", include("restaurants.api.v3")),
    path("", include("reviews.api.v3")),
    path("", include("users.api.v3")),
]
