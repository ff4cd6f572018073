"""What others make of a review: flags, helpful votes, and the reply of an owner of the place."""

from rest_framework.request import Request
from rest_framework.response import Response

from jewgo.core.api import StrictSerializer, v4_conditional, v4_response
from jewgo.core.schema import operation
from reviews import services
from reviews.api.callers import caller_of
from reviews.api.v4.forms import FlagBody, ReplyBody, WriteQuery
from reviews.api.v4.reviews import CLASHES, REFUSALS, ReviewView, answer_change
from reviews.api.v4.shapes import (
    FlagShape,
    JudgedFlagShape,
    ReviewShape,
    TallyShape,
    present_flag,
    present_judged,
)
from reviews.refusals import ReviewNotFound
from reviews.services import replying
from reviews.services.flagging import AlreadyFlagged, Doubt, OwnReview
from reviews.services.replying import AlreadyReplied, NoReply, NotTheOwner
from reviews.services.voting import AlreadyVoted, Tally


class FlagView(ReviewView):
    """Doubts about a review."""

    @operation(
        query=WriteQuery,
        body=FlagBody,
        data=FlagShape,
        status=201,
        errors=[*REFUSALS, ReviewNotFound, OwnReview, AlreadyFlagged],
    )
    def post(self, request: Request, review_id: int) -> Response:
        """Say what is wrong with a review of somebody else; each person once."""
        query, said = self.query(WriteQuery), self.body(FlagBody)
        doubt = Doubt(said["reason"], said.get("note", ""))
        flag = services.flag(review_id, doubt, caller_of(request), dry_run=query["dry_run"])
        if query["dry_run"]:
            return v4_response(present_flag(flag) | {"id": None}, meta={"dry_run": True})
        return v4_response(present_flag(flag), status=201)


class FlagsView(ReviewView):
    """The doubts about a review, for moderators."""

    @operation(data=list[JudgedFlagShape], conditional=True, errors=[*REFUSALS, ReviewNotFound])
    def get(self, request: Request, review_id: int) -> Response:
        """List every flag against a review, the first one first."""
        self.query(StrictSerializer)
        return v4_conditional(request, [present_judged(flag) for flag in services.flags_of(review_id)])


class HelpfulView(ReviewView):
    """Votes for a review."""

    @operation(data=TallyShape, status=201, errors=[*REFUSALS, ReviewNotFound, OwnReview, AlreadyVoted])
    def post(self, request: Request, review_id: int) -> Response:
        """Say that a review of somebody else was helpful; each person once."""
        self.query(StrictSerializer)
        return v4_response(_present(services.vote(review_id, caller_of(request))), status=201)

    @operation(data=TallyShape, errors=[*REFUSALS, ReviewNotFound, OwnReview])
    def delete(self, request: Request, review_id: int) -> Response:
        """Take one's vote back; without one nothing changes."""
        self.query(StrictSerializer)
        return v4_response(_present(services.unvote(review_id, caller_of(request))))


class ReplyView(ReviewView):
    """The reply to a review; a change of it is a change of the review, with its version."""

    @operation(
        query=WriteQuery,
        body=ReplyBody,
        data=ReviewShape,
        status=201,
        conditional=True,
        errors=[*CLASHES, NotTheOwner, AlreadyReplied],
    )
    def post(self, request: Request, review_id: int) -> Response:
        """Answer a review, as an owner of the place."""
        terms = self.terms(request)
        review = replying.reply(review_id, self.body(ReplyBody)["content"], **terms)
        return answer_change(review, terms, status=201)

    @operation(
        query=WriteQuery,
        body=ReplyBody,
        data=ReviewShape,
        conditional=True,
        errors=[*CLASHES, NotTheOwner, NoReply],
    )
    def patch(self, request: Request, review_id: int) -> Response:
        """Say the reply anew, as an owner of the place."""
        terms = self.terms(request)
        return answer_change(replying.amend(review_id, self.body(ReplyBody)["content"], **terms), terms)

    @operation(query=WriteQuery, data=ReviewShape, conditional=True, errors=[*CLASHES, NotTheOwner, NoReply])
    def delete(self, request: Request, review_id: int) -> Response:
        """Take the reply away, as an owner of the place or a moderator; the review is answered as it then stands."""
        terms = self.terms(request)
        return answer_change(replying.remove(review_id, **terms), terms)


def _present(tally: Tally) -> TallyShape:
    return {"helpful_count": tally.helpful_count, "voted": tally.voted}
