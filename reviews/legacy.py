"""The v3 engine: plain SQL. Nobody imports it; its operations register themselves."""

from dataclasses import replace
from typing import Any

from django.db import connection
from django.utils import timezone

from jewgo.core.middleware import current_request_id
from restaurants.freshness import CATALOGUE
from reviews.lifecycle import Move, after, move_between
from reviews.refusals import AlreadyReviewed, NotTheAuthor, PlaceNotReviewable, ReviewNotFound
from reviews.values import (
    Amendment,
    Author,
    Caller,
    Draft,
    KeptListing,
    KeptSlice,
    Listing,
    Ruling,
    Slice,
    Wanted,
    WrittenReview,
)
from rollout.switch import control

Row = tuple[Any, ...]

# Addresses and notes leave the database for moderators only.
_COLUMNS = """
    r.id, r.restaurant_id, u.id, u.name, CASE WHEN %(moderates)s THEN u.email END, r.rating, r.title, r.content,
    r.images, r.state, r.state_reason, CASE WHEN %(moderates)s THEN r.moderator_notes END,
    r.helpful_count, r.report_count, r.open_flag_count, r.version, r.created_at, r.updated_at
"""

_STORED = "FROM reviews_review r LEFT JOIN users_user u ON u.id = r.user_id"

_KNOWN = "(%(sees_all)s OR r.state = 'approved' OR r.user_id = %(user_id)s::bigint)"

_MATCHING = f"""{_STORED}
    WHERE {_KNOWN} AND r.state = ANY(%(states)s)
      AND (%(restaurant_id)s::bigint IS NULL OR r.restaurant_id = %(restaurant_id)s)
      AND (%(ratings)s::int[] = '{{}}' OR r.rating = ANY(%(ratings)s::int[]))
"""

_KEPT = f"""{_STORED} JOIN restaurants_restaurant p ON p.id = r.restaurant_id
    WHERE (%(state)s::text IS NULL OR r.state = %(state)s)
      AND (%(restaurant_id)s::bigint IS NULL OR r.restaurant_id = %(restaurant_id)s)
      AND (strpos(upper(r.title), upper(%(text)s)) > 0 OR strpos(upper(r.content), upper(%(text)s)) > 0
           OR strpos(upper(u.name), upper(%(text)s)) > 0 OR strpos(upper(u.email), upper(%(text)s)) > 0
           OR strpos(upper(p.name), upper(%(text)s)) > 0)
"""

_WINDOW = "ORDER BY r.id DESC LIMIT %(limit)s OFFSET %(offset)s"

_DETAIL = f"SELECT {_COLUMNS} {_STORED} WHERE r.id = %(id)s AND {_KNOWN}"

# The place is looked up by the statement that stores the review: no moment lies between the two.
_STORE = """
    INSERT INTO reviews_review (restaurant_id, user_id, rating, title, content, images, state, state_reason,
                                moderator_notes, helpful_count, report_count, open_flag_count, version, created_at,
                                updated_at)
    SELECT p.id, %(user_id)s::bigint, %(rating)s, %(title)s, %(content)s, %(images)s::varchar[], 'pending', '', '',
           0, 0, 0, 1, %(now)s, %(now)s
      FROM restaurants_restaurant p
     WHERE p.id = %(restaurant_id)s AND p.state_of_record = 'approved' AND p.deleted_at IS NULL
    ON CONFLICT ON CONSTRAINT reviews_review_one_per_user_and_place DO NOTHING
    RETURNING id
"""

_REVIEWABLE = """
    SELECT 1 FROM restaurants_restaurant
     WHERE id = %(restaurant_id)s AND state_of_record = 'approved' AND deleted_at IS NULL
"""

_OWN = "SELECT id FROM reviews_review WHERE user_id = %(user_id)s AND restaurant_id = %(restaurant_id)s"

_LOCKED = f"""
    SELECT r.id, r.restaurant_id, r.user_id, r.state, r.state_reason, r.moderator_notes, r.version
      FROM reviews_review r WHERE r.id = %(id)s AND {_KNOWN} FOR NO KEY UPDATE
"""  # noqa: S608  # made of constants

_AMEND = """
    UPDATE reviews_review
       SET rating = coalesce(%(rating)s, rating), title = coalesce(%(title)s, title),
           content = coalesce(%(content)s, content), images = coalesce(%(images)s::varchar[], images),
           state = 'pending', state_reason = '', version = version + 1, updated_at = %(now)s
     WHERE id = %(id)s AND (rating, title, content, images) IS DISTINCT FROM
           (coalesce(%(rating)s, rating), coalesce(%(title)s, title), coalesce(%(content)s, content),
            coalesce(%(images)s::varchar[], images))
    RETURNING id
"""

_MOVE = """
    UPDATE reviews_review
       SET state = %(after)s, state_reason = %(reason)s, moderator_notes = %(kept_notes)s, version = version + 1,
           updated_at = %(now)s
     WHERE id = %(id)s
"""

_NOTE = "UPDATE reviews_review SET moderator_notes = %(kept_notes)s, version = version + 1 WHERE id = %(id)s"

_TELL = """
    INSERT INTO reviews_event (review_id, restaurant_id, at, actor, action, before, after, reason, notes, version,
                               request_id)
    VALUES (%(id)s, %(place)s, %(now)s, %(actor)s, %(action)s, %(before)s, %(after)s, %(reason)s, %(notes)s,
            %(version)s, %(request_id)s)
    RETURNING id
"""

_JUDGE = """
    UPDATE reviews_flag SET state = %(judged)s, decision_id = %(event)s WHERE review_id = %(id)s AND state = 'open'
"""

_JUDGED = {Move.APPROVE: "dismissed", Move.REJECT: "upheld"}

_DELETE = (
    "DELETE FROM reviews_vote WHERE review_id = %(id)s",
    "DELETE FROM reviews_flag WHERE review_id = %(id)s",
    "DELETE FROM reviews_reply WHERE review_id = %(id)s",
    "DELETE FROM reviews_review WHERE id = %(id)s",
)


@control("reviews.list")
def list_reviews(asked: Slice) -> Listing:
    """Return one window of the matching reviews, the latest first, and their number."""
    criteria = asked.criteria
    sent = _of(criteria.caller) | {
        "states": sorted(criteria.states),
        "restaurant_id": criteria.restaurant_id,
        "ratings": sorted(criteria.ratings),
        "limit": asked.window.limit,
        "offset": asked.window.offset,
    }
    (total,) = _rows(f"SELECT count(*) {_MATCHING}", sent)[0]
    return Listing(tuple(map(_written, _rows(f"SELECT {_COLUMNS} {_MATCHING} {_WINDOW}", sent))), total)


@control("reviews.detail")
def detail(wanted: Wanted) -> WrittenReview:
    """Return one review; raises `ReviewNotFound`, also when the caller may not know of it."""
    for row in _rows(_DETAIL, _of(wanted.caller) | {"id": wanted.id}):
        return _written(row)
    raise ReviewNotFound


@control("reviews.create")
def create(draft: Draft, caller: Caller) -> WrittenReview:
    """Store a review that nobody has read yet; raises `PlaceNotReviewable`, `AlreadyReviewed`."""
    sent = {
        "restaurant_id": draft.restaurant_id,
        "user_id": draft.user_id,
        "rating": draft.rating,
        "title": draft.title,
        "content": draft.content,
        "images": list(draft.images),
        "now": timezone.now(),
    }
    for (key,) in _rows(_STORE, sent):
        return detail(Wanted(key, replace(caller, sees_all=True)))
    if not _rows(_REVIEWABLE, sent):
        raise PlaceNotReviewable
    raise AlreadyReviewed(next((key for (key,) in _rows(_OWN, sent)), None))


@control("reviews.amend")
def amend(review_id: int, amendment: Amendment, caller: Caller) -> WrittenReview:
    """Change what its author says; it waits for a moderator again. Raises `ReviewNotFound`, `NotTheAuthor`."""
    sent = _locked(review_id, caller)
    if not caller.wrote(sent["author"]):
        raise NotTheAuthor
    said = {"rating": None, "title": None, "content": None, "images": None} | dict(amendment.said())
    if _rows(_AMEND, sent | said):
        _tell(sent, Move.EDIT, after="pending")
    return detail(Wanted(review_id, caller))


@control("reviews.delete")
def delete(review_id: int, caller: Caller) -> None:
    """Remove a review with all that hangs on it. Raises `ReviewNotFound`, `NotTheAuthor`."""
    sent = _locked(review_id, caller)
    if not (caller.moderates or caller.wrote(sent["author"])):
        raise NotTheAuthor("Only its author or a moderator may delete a review.")
    _tell(sent | {"version": sent["version"] - 1}, "delete", after="")
    for statement in _DELETE:
        _run(statement, sent)


@control("reviews.kept")
def kept(asked: KeptSlice) -> KeptListing:
    """Return one window of a moderator's list, the latest first, their number, and how many are in each state."""
    criteria = asked.criteria
    sent = {
        "moderates": True,
        "text": criteria.text,
        "state": criteria.state,
        "restaurant_id": criteria.restaurant_id,
        "limit": asked.window.limit,
        "offset": asked.window.offset,
    }
    (total,) = _rows(f"SELECT count(*) {_KEPT}", sent)[0]
    found = tuple(map(_written, _rows(f"SELECT {_COLUMNS} {_KEPT} {_WINDOW}", sent)))
    counted = dict.fromkeys(("pending", "approved", "rejected", "flagged"), 0)
    return KeptListing(found, total, counted | dict(_rows("SELECT state, count(*) FROM reviews_review GROUP BY 1", {})))


@control("reviews.moderate")
def moderate(ruling: Ruling, caller: Caller) -> WrittenReview:
    """Bring a review into a state, set its notes, or both. Raises `ReviewNotFound`, `IllegalReviewMove`."""
    sent = _locked(ruling.review_id, caller)
    notes = None if ruling.notes is None else ruling.notes.strip()
    sent |= {"kept_notes": sent["notes"] if notes is None else notes}
    if ruling.state is not None and ruling.state != sent["before"]:
        _move(sent | {"reason": ruling.reason.strip(), "notes": notes or ""}, ruling.state)
    elif sent["kept_notes"] != sent["notes"]:
        _run(_NOTE, sent)
        _tell(sent | {"reason": sent["reason"], "notes": sent["kept_notes"]}, "note", after=sent["before"])
    return detail(Wanted(ruling.review_id, caller))


def _move(sent: dict[str, Any], target: str) -> None:
    """Move a review, and settle the flags against it."""
    move = move_between(sent["before"], target)
    reason = sent["reason"] or ("No reason was given." if move is Move.REJECT else "")
    sent |= {"reason": reason, "after": after(move, sent["before"], reason)}
    _run(_MOVE, sent)
    event = _tell(sent, move, after=target)
    if move in _JUDGED:
        _run(_JUDGE, sent | {"judged": _JUDGED[move], "event": event})


def _locked(review_id: int, caller: Caller) -> dict[str, Any]:
    """Return what is known of a review under its lock, as the statements that change it take it."""
    for key, place, author, state, reason, notes, version in _rows(_LOCKED, _of(caller) | {"id": review_id}):
        return {
            "id": key,
            "place": place,
            "author": author,
            "before": state,
            "reason": reason,
            "notes": notes,
            "version": version,
            "actor": caller.name,
            "now": timezone.now(),
        }
    raise ReviewNotFound


def _tell(sent: dict[str, Any], action: str, *, after: str) -> int:
    """Write into the history what was done, and let the places' lists show the new ratings."""
    said = {"reason": "", "notes": ""} if action in (Move.EDIT, "delete") else {}
    told = {"action": action, "after": after, "version": sent["version"] + 1, "request_id": current_request_id()}
    [(event,)] = _rows(_TELL, sent | said | told)
    if "approved" in (sent["before"], after):
        CATALOGUE.invalidate()
    return int(event)


def _of(caller: Caller) -> dict[str, Any]:
    return {"user_id": caller.user_id, "sees_all": caller.sees_all, "moderates": caller.moderates}


def _run(statement: str, sent: dict[str, Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, sent)


def _rows(statement: str, sent: dict[str, Any]) -> list[Row]:
    with connection.cursor() as cursor:
        cursor.execute(statement, sent)
        return list(cursor.fetchall())


def _written(row: Row) -> WrittenReview:
    key, place, author, author_name, email, rating, title, content, images, *rest = row
    known = None if author is None else Author(author, author_name, email)
    return WrittenReview(key, place, known, rating, title, content, tuple(images), *rest)
