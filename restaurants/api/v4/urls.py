"""The paths of the v4 contract of restaurants."""

from django.urls import path

from restaurants.api.v4.finding import AutocompleteView, FilterOptionsView, NearbyView, SearchView, SimilarView
from restaurants.api.v4.hours import RestaurantHoursView
from restaurants.api.v4.places import RestaurantsView, RestaurantView

urlpatterns = [
    path("api/v4/restaurants", RestaurantsView.as_view(), name="v4-restaurants"),
    path("api/v4/restaurants/nearby", NearbyView.as_view(), name="v4-restaurants-nearby"),
    path("api/v4/restaurants/search", SearchView.as_view(), name="v4-restaurants-search"),
    path("api/v4/restaurants/autocomplete", AutocompleteView.as_view(), name="v4-restaurants-autocomplete"),
    path("api/v4/restaurants/filter-options", FilterOptionsView.as_view(), name="v4-restaurants-filter-options"),
    path("api/v4/restaurants/<int:restaurant_id>/similar", SimilarView.as_view(), name="v4-restaurant-similar"),
    path("api/v4/restaurants/<int:restaurant_id>", RestaurantView.as_view(), name="v4-restaurant"),
    path("api/v4/restaurants/<int:restaurant_id>/hours", RestaurantHoursView.as_view(), name="v4-restaurant-hours"),
]
