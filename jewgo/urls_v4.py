"""The v4 contract: /api/v4/…"""

from django.urls import URLPattern, URLResolver, include, path

from jewgo import health

urlpatterns: list[URLPattern | URLResolver] = [
    *health.v4,
    path("", include("jewgo.statistics")),
    path("", include("restaurants.api.v4.urls")),
    path("", include("reviews.api.v4.urls")),
    path("", include("rollout.api")),
    path("", include("users.api.v4.urls")),
]
