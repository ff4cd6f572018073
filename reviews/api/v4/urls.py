"""The paths of the v4 contract of reviews."""

from django.urls import path

from reviews.api.v4.answers import FlagsView, FlagView, HelpfulView, ReplyView
from reviews.api.v4.moderation import HistoryView, ModerateManyView, ModerateView, QueuesView, StatisticsView
from reviews.api.v4.reviews import ReviewDetailView, ReviewsView

ONE = "api/v4/reviews/<int:review_id>"

urlpatterns = [
    path("api/v4/reviews", ReviewsView.as_view(), name="v4-reviews"),
    path("api/v4/reviews/queues", QueuesView.as_view()),
    path("api/v4/reviews/statistics", StatisticsView.as_view()),
    path("api/v4/reviews/moderate", ModerateManyView.as_view()),
    path(ONE, ReviewDetailView.as_view(), name="v4-review"),
    path(f"{ONE}/flag", FlagView.as_view()),
    path(f"{ONE}/flags", FlagsView.as_view()),
    path(f"{ONE}/helpful", HelpfulView.as_view()),
    path(f"{ONE}/reply", ReplyView.as_view()),
    path(f"{ONE}/moderate", ModerateView.as_view()),
    path(f"{ONE}/history", HistoryView.as_view()),
]
