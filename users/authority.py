"""Who may use which route: one table, as data. What it does not hold is refused to everybody, and fails the test suite.

Permissions, the page docs/authority.md and the tests derive from it. A super admin may do everything that a person may.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from users.keys import Scope
from users.roles import Role


@dataclass(frozen=True, slots=True)
class Rule:
    """Who is let in: people with one of these roles, and service keys with one of these scopes."""

    roles: frozenset[Role]
    scopes: frozenset[Scope] = frozenset()
    is_fresh: bool = False
    """Whether a person needs a proof of the last quarter of an hour, where staff need a second factor."""

    @property
    def is_public(self) -> bool:
        """Whether nobody is asked who they are."""
        return Role.ANONYMOUS in self.roles

    def __str__(self) -> str:
        people = ", ".join(sorted({*self.roles, Role.SUPER_ADMIN}))
        keys = ", ".join(sorted(self.scopes))
        return f"a person who is {people}" + (f", or a key with {keys}" if keys else "")


def _rule(*who: Role | Scope, is_fresh: bool = False) -> Rule:
    roles = frozenset(one for one in who if isinstance(one, Role))
    return Rule(roles, frozenset(one for one in who if isinstance(one, Scope)), is_fresh)


PUBLIC: Final = _rule(Role.ANONYMOUS)

# What one caller sees more of than another, within a route.
EVERY_PLACE: Final = _rule(Role.DATA_ADMIN, Scope.CATALOG_READ, Scope.CATALOG_WRITE)
EVERY_NUMBER: Final = _rule(Role.DATA_ADMIN, Role.SYSTEM_ADMIN, Scope.STATS_READ, Scope.OPS)
EVERY_REVIEW: Final = _rule(Role.MODERATOR, Scope.REVIEWS_READ, Scope.OPS)
MODERATION: Final = _rule(Role.MODERATOR, Scope.OPS)
"""Whoever decides about reviews, and so sees their authors' addresses and the notes of other moderators."""

_ATTENTION: Final = _rule(Role.OWNER, Role.DATA_ADMIN, Scope.CATALOG_READ, Scope.CATALOG_WRITE)
_PROPOSE: Final = _rule(Role.USER, Scope.CATALOG_WRITE)
_KEEP: Final = _rule(Role.DATA_ADMIN, Scope.CATALOG_WRITE)
_EXPORT: Final = _rule(Role.DATA_ADMIN, Scope.CATALOG_EXPORT)
_REVIEW: Final = _rule(Role.USER, Scope.OPS)
_AUTHOR: Final = _rule(Role.AUTHOR)
_UNWRITE: Final = _rule(Role.AUTHOR, Role.MODERATOR, Scope.OPS)
_REPLY: Final = _rule(Role.OWNER)
_UNREPLY: Final = _rule(Role.OWNER, Role.MODERATOR, Scope.OPS)
_PEOPLE: Final = _rule(Role.SYSTEM_ADMIN, Scope.OPS)
_SELF: Final = _rule(Role.USER)
_SUPER: Final = _rule(Role.SUPER_ADMIN, is_fresh=True)
_WATCH: Final = _rule(
    Role.ROLLOUT_VIEWER,
    Role.ROLLOUT_OPERATOR,
    Role.RELEASE_MANAGER,
    Role.SYSTEM_ADMIN,
    Scope.ROLLOUT_READ,
    Scope.OPS,
)
_STOP: Final = _rule(Role.ROLLOUT_OPERATOR, Role.RELEASE_MANAGER, Role.SYSTEM_ADMIN, Scope.ROLLOUT_ROLLBACK, Scope.OPS)
"""What only sends people back, or holds them where they are, asks for less than what widens."""
_RELEASE: Final = _rule(Role.RELEASE_MANAGER, Scope.OPS, is_fresh=True)
_REOPEN: Final = _rule(Role.SUPER_ADMIN, Scope.OPS, is_fresh=True)

_PLACE: Final = "/api/v4/restaurants/<int:restaurant_id>"
_WORD: Final = "/api/v4/reviews/<int:review_id>"

AUTHORITY: Final[Mapping[str, Rule]] = {
    # method and path -> who may
    "GET /metrics": _WATCH,
    "GET /health": PUBLIC,
    "GET /api/health/basic": PUBLIC,
    "GET /api/health/full": PUBLIC,
    "GET /api/restaurants": PUBLIC,
    "POST /api/restaurants": _PROPOSE,
    "GET /api/restaurants/search": PUBLIC,
    "GET /api/restaurants/business-types": PUBLIC,
    "GET /api/restaurants/<int:restaurant_id>": PUBLIC,
    "GET /api/restaurants/<int:restaurant_id>/hours": PUBLIC,
    "PUT /api/restaurants/<int:restaurant_id>": _KEEP,
    "DELETE /api/restaurants/<int:restaurant_id>": _KEEP,
    "GET /api/restaurants/<int:restaurant_id>/specials": PUBLIC,
    "GET /api/admin/restaurants": EVERY_PLACE,
    "POST /api/admin/restaurants": _KEEP,
    "PUT /api/admin/restaurants": _KEEP,
    "DELETE /api/admin/restaurants/<int:restaurant_id>": _KEEP,
    "GET /api/kosher-types": PUBLIC,
    "GET /api/statistics": PUBLIC,
    "GET /api/reviews": PUBLIC,
    "POST /api/reviews": _REVIEW,
    "GET /api/reviews/<str:review_id>": PUBLIC,
    "PUT /api/reviews/<str:review_id>": _AUTHOR,
    "DELETE /api/reviews/<str:review_id>": _UNWRITE,
    **{f"{method} /api/admin/reviews": MODERATION for method in ("GET", "PUT", "DELETE")},
    "GET /api/admin/users": _PEOPLE,
    "PUT /api/admin/users": _SUPER,
    "DELETE /api/admin/users": _SUPER,
    "GET /api/v4/health": PUBLIC,
    "GET /api/v4/restaurants": PUBLIC,
    "POST /api/v4/restaurants": _PROPOSE,
    "GET /api/v4/restaurants/nearby": PUBLIC,
    "GET /api/v4/restaurants/search": PUBLIC,
    "GET /api/v4/restaurants/autocomplete": PUBLIC,
    "GET /api/v4/restaurants/filter-options": PUBLIC,
    "GET /api/v4/restaurants/export": _EXPORT,
    f"GET {_PLACE}/similar": PUBLIC,
    f"GET {_PLACE}": PUBLIC,
    f"PUT {_PLACE}": _KEEP,
    f"PATCH {_PLACE}": _KEEP,
    f"DELETE {_PLACE}": _KEEP,
    f"GET {_PLACE}/hours": PUBLIC,
    f"PUT {_PLACE}/hours": _KEEP,
    **{
        f"POST {_PLACE}/{move}": _KEEP
        for move in ("approve", "reject", "suspend", "close", "reopen", "resubmit", "restore")
    },
    **{f"GET {_PLACE}/{part}": PUBLIC for part in ("certificates", "specials", "images")},
    **{
        f"POST {_PLACE}/{part}": _KEEP
        for part in ("certificates", "certificates/<int:certificate_id>/verify", "specials", "images")
    },
    **{
        f"{method} {_PLACE}/{part}": _KEEP
        for part in ("certificates/<int:certificate_id>", "specials/<int:special_id>", "images/<int:image_id>")
        for method in ("PATCH", "DELETE")
    },
    f"GET {_PLACE}/history": EVERY_PLACE,
    f"POST {_PLACE}/share": PUBLIC,
    f"GET {_PLACE}/attention": _ATTENTION,
    "GET /api/v4/agencies": PUBLIC,
    "POST /api/v4/agencies": _KEEP,
    "GET /api/v4/agencies/<int:agency_id>": PUBLIC,
    "PATCH /api/v4/agencies/<int:agency_id>": _KEEP,
    "GET /api/v4/reviews": PUBLIC,
    "POST /api/v4/reviews": _REVIEW,
    "GET /api/v4/reviews/queues": EVERY_REVIEW,
    "GET /api/v4/reviews/statistics": PUBLIC,
    "POST /api/v4/reviews/moderate": MODERATION,
    f"GET {_WORD}": PUBLIC,
    f"PATCH {_WORD}": _AUTHOR,
    f"DELETE {_WORD}": _UNWRITE,
    f"POST {_WORD}/flag": _SELF,
    f"GET {_WORD}/flags": MODERATION,
    f"POST {_WORD}/helpful": _SELF,
    f"DELETE {_WORD}/helpful": _SELF,
    f"POST {_WORD}/reply": _REPLY,
    f"PATCH {_WORD}/reply": _REPLY,
    f"DELETE {_WORD}/reply": _UNREPLY,
    f"POST {_WORD}/moderate": MODERATION,
    f"GET {_WORD}/history": MODERATION,
    "GET /api/v4/statistics": PUBLIC,
    "GET /api/v4/users": _PEOPLE,
    "GET /api/v4/users/me": _SELF,
    "PATCH /api/v4/users/me": _SELF,
    "DELETE /api/v4/users/me": _SELF,
    "GET /api/v4/users/me/export": _SELF,
    "GET /api/v4/users/me/favourites": _SELF,
    "PUT /api/v4/users/me/favourites/<int:restaurant_id>": _SELF,
    "DELETE /api/v4/users/me/favourites/<int:restaurant_id>": _SELF,
    "GET /api/v4/users/<int:user_id>": _PEOPLE,
    "PATCH /api/v4/users/<int:user_id>": _PEOPLE,
    "DELETE /api/v4/users/<int:user_id>": _SUPER,
    "GET /api/v4/users/<int:user_id>/roles": _PEOPLE,
    "POST /api/v4/users/<int:user_id>/roles": _SUPER,
    "DELETE /api/v4/users/<int:user_id>/roles/<str:role>": _SUPER,
    **{
        f"GET /api/v4/rollout/{part}": _WATCH
        for part in (
            "status",
            "features",
            "features/<str:name>",
            "features/<str:name>/certificate",
            "explain",
            "history",
            "propagation",
            "verify",
            "alerts",
            "report",
            "flights",
            "flights/<int:number>",
        )
    },
    **{
        f"POST /api/v4/rollout/{part}": _STOP
        for part in ("alerts/<int:alert_id>/acknowledge", "pause", "rollback", "drill/end")
    },
    **{
        f"POST /api/v4/rollout/{part}": _RELEASE
        for part in (
            "start",
            "advance",
            "percentage",
            "resume",
            "complete",
            "holdout",
            "override",
            "testers",
            "drill",
        )
    },
    "POST /api/v4/rollout/reopen": _REOPEN,
}
