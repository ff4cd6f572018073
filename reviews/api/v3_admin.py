"""v3's admin routes of reviews: every review in every state, for moderators; errors are `{"error": …}`."""

from typing import Any, ClassVar, Final

from rest_framework.request import Request
from rest_framework.response import Response

from jewgo.core.api import V3View, lenient_int
from jewgo.core.errors import Forbidden, InvalidInput, Unauthenticated
from jewgo.core.paging import MAX_OFFSET, Window
from jewgo.core.problems import ErrorStyle
from jewgo.core.schema import operation
from reviews.api.callers import caller_of
from reviews.api.v3_shapes import AdminPage, AdminQuery, RulingBody, Success
from reviews.api.v3_switches import DELETE, KEPT, MODERATE
from reviews.lifecycle import IllegalReviewMove
from reviews.refusals import ReviewNotFound
from reviews.values import MAX_ID, KeptCriteria, KeptSlice

MOST: Final = 100
MAX_QUERY: Final = 200


class ReviewIdRequired(InvalidInput):
    """A change that does not say of what."""

    title = "reviewId is required"


class AdminReviews(V3View):
    """`/api/admin/reviews`: what moderators look at and decide."""

    error_style: ClassVar[ErrorStyle] = "bare"
    successor: ClassVar[str] = "/api/v4/reviews"

    @operation(query=AdminQuery, data=AdminPage, bare=True, errors=[Unauthenticated, Forbidden])
    def get(self, request: Request) -> Response:
        """List the reviews, the latest first, and count those of each state."""
        asked = request.query_params
        page = max(lenient_int(asked.get("page"), 1, MAX_OFFSET), 1)
        limit = lenient_int(asked.get("limit"), 20, MOST)
        window = Window(limit, min((page - 1) * limit, MAX_OFFSET))
        found = KEPT(request, KeptSlice(_criteria(request), window))
        total, stats = found["total"], {"total": sum(found["by_state"].values()), **found["by_state"]}
        pagination = {"page": page, "limit": limit, "total": total, "pages": -(-total // limit) if limit else 0}
        return Response({"reviews": found["reviews"], "pagination": pagination, "stats": stats})

    @operation(
        body=RulingBody,
        data=Success,
        bare=True,
        errors=[InvalidInput, Unauthenticated, Forbidden, ReviewNotFound, IllegalReviewMove],
    )
    def put(self, request: Request) -> Response:
        """Bring a review into a state, set the moderators' notes, or both."""
        number = _named(request)
        MODERATE(request, RulingBody.ruling(request.data, number), caller_of(request))
        return Response({"success": True})

    @operation(data=Success, bare=True, errors=[InvalidInput, Unauthenticated, Forbidden, ReviewNotFound])
    def delete(self, request: Request) -> Response:
        """Remove a review with all that hangs on it."""
        DELETE(request, _named(request), caller_of(request))
        return Response({"success": True})


def number_of(review_id: str) -> int:
    """Return the id as a number; a text that is none names no review."""
    if not (review_id.isascii() and review_id.isdigit() and len(review_id) <= len(str(MAX_ID))):
        raise ReviewNotFound
    number = int(review_id)
    if number > MAX_ID:
        raise ReviewNotFound
    return number


def _criteria(request: Request) -> KeptCriteria:
    asked = request.query_params
    status = asked.get("status", "").strip().lower()
    place = lenient_int(asked.get("restaurantId"), -1, MAX_ID)
    return KeptCriteria(
        text=asked.get("search", "").strip()[:MAX_QUERY],
        state=None if status in ("", "all") else status,
        restaurant_id=place if place >= 0 else None,
    )


def _named(request: Request) -> int:
    """Return the id that the body or the query names; a text of digits will do."""
    body: Any = request.data
    said = body.get("reviewId") if isinstance(body, dict) else None
    text = str(request.query_params.get("reviewId", "") if said is None else said)
    if not text.strip():
        raise ReviewIdRequired
    return number_of(text.strip())
