"""The paths of the v4 contract of restaurants."""

from django.urls import path

from restaurants.api.v4.places import RestaurantsView, RestaurantView

urlpatterns = [
    path("api/v4/restaurants", RestaurantsView.as_view(), name="v4-restaurants"),
    path("api/v4/restaurants/<int:restaurant_id>", RestaurantView.as_view(), name="v4-restaurant"),
]
