"""The admin's pages for reviews: a moderator reads and decides; the words stay the author's."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from reviews.models import Review, ReviewState

if TYPE_CHECKING:
    BaseAdmin = admin.ModelAdmin[Review]
else:
    BaseAdmin = admin.ModelAdmin


@admin.register(Review)
class ReviewAdmin(BaseAdmin):
    """Reviews, the latest first; the state changes by an action, the notes in the form."""

    list_display = ("id", "restaurant", "user", "rating", "beginning", "state", "created_at")
    list_filter = ("state", "rating")
    list_select_related = ("restaurant", "user")
    search_fields = ("content", "title", "restaurant__name")
    ordering = ("-pk",)
    show_full_result_count = False
    actions = ("approve", "reject")
    fields = ("restaurant", "user", "rating", "title", "content", "images", "state", "moderator_notes",
              "helpful_count", "report_count", "created_at", "updated_at")  # fmt: skip
    readonly_fields = tuple(name for name in fields if name != "moderator_notes")

    @admin.display(description="content")
    def beginning(self, review: Review) -> str:
        """Show enough of the text to decide whether to open it."""
        return review.content if len(review.content) <= 80 else f"{review.content[:79]}…"

    @admin.action(description="Approve the selected reviews", permissions=["change"])
    def approve(self, request: HttpRequest, chosen: QuerySet[Review]) -> None:
        """Publish the selected reviews."""
        self._move(request, chosen, ReviewState.APPROVED)

    @admin.action(description="Reject the selected reviews", permissions=["change"])
    def reject(self, request: HttpRequest, chosen: QuerySet[Review]) -> None:
        """Keep the selected reviews from the public."""
        self._move(request, chosen, ReviewState.REJECTED)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody writes a review in a visitor's place."""
        return False

    def _move(self, request: HttpRequest, chosen: QuerySet[Review], to: ReviewState) -> None:
        keys: Any = chosen.values_list("pk", flat=True)
        count = Review.objects.move(keys, to=to, now=timezone.now())
        self.message_user(request, f"{count} now {to}; the others were so before.", messages.SUCCESS)
