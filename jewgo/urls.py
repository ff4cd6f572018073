"""Every route of the service, and who answers where there is none."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from jewgo import docs, health
from jewgo.views import home, media

urlpatterns = [
    path("", home, name="home"),
    path("admin", RedirectView.as_view(url="/admin/")),
    path("admin/", admin.site.urls),
    path("accounts/", include("users.accounts.urls")),
    path("media/<path:path>", media, name="media"),
    *health.probes,
    *docs.urlpatterns,
    path("", include("rollout.api.metrics")),
    path("", include("jewgo.urls_v3")),
    path("", include("jewgo.urls_v4")),
]

handler400 = "jewgo.views.bad_request"
handler403 = "jewgo.views.forbidden"
handler404 = "jewgo.views.not_found"
handler500 = "jewgo.views.server_error"
