"""The paths of the v4 contract of restaurants."""

from django.urls import path

from restaurants.api.v4.agencies import AgenciesView, AgencyView
from restaurants.api.v4.attention import AttentionView, FavouritesView, FavouriteView, ShareView
from restaurants.api.v4.certificates import CertificatesView, CertificateView, VerifyView
from restaurants.api.v4.exports import ExportView
from restaurants.api.v4.finding import AutocompleteView, FilterOptionsView, NearbyView, SearchView, SimilarView
from restaurants.api.v4.history import HistoryView
from restaurants.api.v4.hours import RestaurantHoursView
from restaurants.api.v4.images import ImagesView, ImageView
from restaurants.api.v4.lifecycle import (
    ApproveView,
    CloseView,
    RejectView,
    ReopenView,
    RestoreView,
    ResubmitView,
    SuspendView,
)
from restaurants.api.v4.places import RestaurantsView, RestaurantView
from restaurants.api.v4.specials import SpecialsView, SpecialView

ONE = "api/v4/restaurants/<int:restaurant_id>"

urlpatterns = [
    path("api/v4/restaurants", RestaurantsView.as_view(), name="v4-restaurants"),
    path("api/v4/restaurants/nearby", NearbyView.as_view(), name="v4-restaurants-nearby"),
    path("api/v4/restaurants/search", SearchView.as_view(), name="v4-restaurants-search"),
    path("api/v4/restaurants/autocomplete", AutocompleteView.as_view(), name="v4-restaurants-autocomplete"),
    path("api/v4/restaurants/filter-options", FilterOptionsView.as_view(), name="v4-restaurants-filter-options"),
    path("api/v4/restaurants/export", ExportView.as_view(), name="v4-restaurants-export"),
    path("api/v4/restaurants/<int:restaurant_id>/similar", SimilarView.as_view(), name="v4-restaurant-similar"),
    path("api/v4/restaurants/<int:restaurant_id>", RestaurantView.as_view(), name="v4-restaurant"),
    path("api/v4/restaurants/<int:restaurant_id>/hours", RestaurantHoursView.as_view(), name="v4-restaurant-hours"),
    path(f"{ONE}/approve", ApproveView.as_view()),
    path(f"{ONE}/reject", RejectView.as_view()),
    path(f"{ONE}/suspend", SuspendView.as_view()),
    path(f"{ONE}/close", CloseView.as_view()),
    path(f"{ONE}/reopen", ReopenView.as_view()),
    path(f"{ONE}/resubmit", ResubmitView.as_view()),
    path(f"{ONE}/restore", RestoreView.as_view()),
    path(f"{ONE}/certificates", CertificatesView.as_view()),
    path(f"{ONE}/certificates/<int:certificate_id>", CertificateView.as_view()),
    path(f"{ONE}/certificates/<int:certificate_id>/verify", VerifyView.as_view()),
    path(f"{ONE}/specials", SpecialsView.as_view()),
    path(f"{ONE}/specials/<int:special_id>", SpecialView.as_view()),
    path(f"{ONE}/images", ImagesView.as_view()),
    path(f"{ONE}/images/<int:image_id>", ImageView.as_view()),
    path(f"{ONE}/history", HistoryView.as_view()),
    path(f"{ONE}/share", ShareView.as_view()),
    path(f"{ONE}/attention", AttentionView.as_view()),
    path("api/v4/users/me/favourites", FavouritesView.as_view(), name="v4-favourites"),
    path("api/v4/users/me/favourites/<int:restaurant_id>", FavouriteView.as_view(), name="v4-favourite"),
    path("api/v4/agencies", AgenciesView.as_view()),
    path("api/v4/agencies/<int:agency_id>", AgencyView.as_view(), name="v4-agency"),
]
