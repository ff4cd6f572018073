"""The list of reviews and the page of one: filters, flags, history, and the way to the queue."""

from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.utils.html import format_html, format_html_join

from jewgo.core.errors import JewgoError
from reviews import services
from reviews.admin import actions, queue
from reviews.admin.callers import moderator
from reviews.models import Event, Flag, Review
from reviews.services.reading import reply_of

if TYPE_CHECKING:
    BaseAdmin = admin.ModelAdmin[Review]
    BaseInline = admin.TabularInline[Flag, Review]
else:
    BaseAdmin, BaseInline = admin.ModelAdmin, admin.TabularInline


class OpenFlagsFilter(admin.SimpleListFilter):
    """Whether somebody doubts a review and nobody has judged that."""

    title = "open flags"
    parameter_name = "flagged"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "some"), ("no", "none")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() == "yes":
            return queryset.filter(open_flag_count__gt=0)
        return queryset.filter(open_flag_count=0) if self.value() == "no" else queryset


class FlagInline(BaseInline):
    """The flags against a review; a decision about the review settles them."""

    model = Flag
    fields = readonly_fields = ("created_at", "user", "reason", "note", "state", "decision")
    extra = 0
    can_delete = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Flag]:
        return super().get_queryset(request).select_related("user", "decision")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Review)
class ReviewAdmin(BaseAdmin):
    """Reviews, the latest first; the state changes by the queue or an action, the notes in the form."""

    class Media:
        css: ClassVar = {"all": ["reviews/admin.css"]}

    inlines = (FlagInline,)
    change_list_template = "admin/reviews/review/list.html"
    list_display = ("id", "restaurant", "user", "rating", "beginning", "state", "open_flag_count", "created_at")
    list_filter = ("state", OpenFlagsFilter, "rating", "created_at")
    list_select_related = ("restaurant", "user")
    search_fields = ("content", "title", "restaurant__name", "user__name", "user__email")
    ordering = ("-pk",)
    show_full_result_count = False
    actions = actions.ALL
    fields = ("restaurant", "user", "rating", "title", "content", "images", "state", "state_reason", "moderator_notes",
              "owners_reply", "helpful_count", "report_count", "created_at", "updated_at", "history")  # fmt: skip
    readonly_fields = tuple(name for name in fields if name != "moderator_notes")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Review]:
        return super().get_queryset(request).select_related("restaurant", "user", "reply")

    def get_urls(self) -> list[Any]:
        """Also serve the queue."""
        guarded = self.admin_site.admin_view(self.queue)
        return [path("queue/", guarded, name="reviews_review_queue"), *super().get_urls()]

    def queue(self, request: HttpRequest) -> HttpResponse:
        """What waits, one review at a time."""
        return queue.answer(self, request)

    @admin.display(description="content")
    def beginning(self, review: Review) -> str:
        """Show enough of the text to decide whether to open it."""
        return review.content if len(review.content) <= 80 else f"{review.content[:79]}…"

    @admin.display(description="owner's reply")
    def owners_reply(self, review: Review) -> str:
        """What an owner of the place answered."""
        found = reply_of(review)
        return found.content if found else "none"

    @admin.display(description="history")
    def history(self, review: Review) -> str:
        """Who did what with the review, the latest first."""
        rows = (
            (f"{event.at:%Y-%m-%d %H:%M}", event.actor, event.action, event.before, event.after, event.reason)
            for event in Event.objects.of(review.pk)
        )
        lines = format_html_join("", "<li>{} {}: <strong>{}</strong>, {} → {} {}</li>", rows)
        return format_html('<ul class="review-history">{}</ul>', lines) if lines else "nothing yet"

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody writes a review in a visitor's place."""
        return False

    def save_model(self, request: HttpRequest, obj: Review, form: Any, change: bool) -> None:
        """Set the notes, with their line in the history."""
        services.note(obj.pk, obj.moderator_notes, moderator(request))

    def delete_model(self, request: HttpRequest, obj: Review) -> None:
        """Remove a review, with its line in the history."""
        services.delete(obj.pk, moderator(request))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Review]) -> None:
        """Remove several; one that is gone already is gone."""
        for pk in list(queryset.order_by("pk").values_list("pk", flat=True)):
            try:
                services.delete(pk, moderator(request))
            except JewgoError as refusal:
                self.message_user(request, f"{pk}: {refusal.message}", "error")
