"""Who may use which route: one table, as data. A route that is missing from it fails the test suite."""

from collections.abc import Mapping
from typing import Final

from users.keys import Scope

PUBLIC: Final[frozenset[Scope]] = frozenset()
"""No scope at all is asked for."""

_CATALOG: Final = frozenset({Scope.CATALOG_WRITE})
_KEEPERS: Final = frozenset({Scope.CATALOG_READ, Scope.CATALOG_WRITE})
_EXPORT: Final = frozenset({Scope.CATALOG_EXPORT})
_OPS: Final = frozenset({Scope.OPS})
_READ: Final = frozenset({Scope.ROLLOUT_READ, Scope.OPS})
_STOP: Final = frozenset({Scope.ROLLOUT_ROLLBACK, Scope.OPS})
"""What only sends people back, or holds them where they are, asks for less than what widens."""

AUTHORITY: Final[Mapping[str, frozenset[Scope]]] = {
    # method and path -> the scopes of which a key needs one
    "GET /metrics": _READ,
    "GET /health": PUBLIC,
    "GET /api/health/basic": PUBLIC,
    "GET /api/health/full": PUBLIC,
    "GET /api/restaurants": PUBLIC,
    "POST /api/restaurants": _CATALOG,
    "GET /api/restaurants/search": PUBLIC,
    "GET /api/restaurants/business-types": PUBLIC,
    "GET /api/restaurants/<int:restaurant_id>": PUBLIC,
    "GET /api/restaurants/<int:restaurant_id>/hours": PUBLIC,
    "PUT /api/restaurants/<int:restaurant_id>": _CATALOG,
    "DELETE /api/restaurants/<int:restaurant_id>": _CATALOG,
    "GET /api/restaurants/<int:restaurant_id>/specials": PUBLIC,
    "GET /api/admin/restaurants": _KEEPERS,
    "POST /api/admin/restaurants": _CATALOG,
    "PUT /api/admin/restaurants": _CATALOG,
    "DELETE /api/admin/restaurants/<int:restaurant_id>": _CATALOG,
    "GET /api/kosher-types": PUBLIC,
    "GET /api/statistics": PUBLIC,
    "GET /api/reviews": PUBLIC,
    "POST /api/reviews": _OPS,
    "GET /api/reviews/<str:review_id>": PUBLIC,
    "GET /api/admin/users": _OPS,
    "GET /api/v4/health": PUBLIC,
    "GET /api/v4/restaurants": PUBLIC,
    "POST /api/v4/restaurants": _CATALOG,
    "GET /api/v4/restaurants/nearby": PUBLIC,
    "GET /api/v4/restaurants/search": PUBLIC,
    "GET /api/v4/restaurants/autocomplete": PUBLIC,
    "GET /api/v4/restaurants/filter-options": PUBLIC,
    "GET /api/v4/restaurants/export": _EXPORT,
    "GET /api/v4/restaurants/<int:restaurant_id>/similar": PUBLIC,
    "GET /api/v4/restaurants/<int:restaurant_id>": PUBLIC,
    "PUT /api/v4/restaurants/<int:restaurant_id>": _CATALOG,
    "PATCH /api/v4/restaurants/<int:restaurant_id>": _CATALOG,
    "DELETE /api/v4/restaurants/<int:restaurant_id>": _CATALOG,
    "GET /api/v4/restaurants/<int:restaurant_id>/hours": PUBLIC,
    "PUT /api/v4/restaurants/<int:restaurant_id>/hours": _CATALOG,
    **{
        f"POST /api/v4/restaurants/<int:restaurant_id>/{move}": _CATALOG
        for move in ("approve", "reject", "suspend", "close", "reopen", "resubmit", "restore")
    },
    **{
        f"GET /api/v4/restaurants/<int:restaurant_id>/{part}": PUBLIC for part in ("certificates", "specials", "images")
    },
    **{
        f"POST /api/v4/restaurants/<int:restaurant_id>/{part}": _CATALOG
        for part in ("certificates", "certificates/<int:certificate_id>/verify", "specials", "images")
    },
    **{
        f"{method} /api/v4/restaurants/<int:restaurant_id>/{part}": _CATALOG
        for part in ("certificates/<int:certificate_id>", "specials/<int:special_id>", "images/<int:image_id>")
        for method in ("PATCH", "DELETE")
    },
    "GET /api/v4/restaurants/<int:restaurant_id>/history": _KEEPERS,
    "GET /api/v4/agencies": PUBLIC,
    "POST /api/v4/agencies": _CATALOG,
    "GET /api/v4/agencies/<int:agency_id>": PUBLIC,
    "PATCH /api/v4/agencies/<int:agency_id>": _CATALOG,
    "GET /api/v4/reviews": PUBLIC,
    "GET /api/v4/reviews/<int:review_id>": PUBLIC,
    "GET /api/v4/statistics": PUBLIC,
    "GET /api/v4/users": _OPS,
    "GET /api/v4/rollout/status": _READ,
    "GET /api/v4/rollout/features": _READ,
    "GET /api/v4/rollout/features/<str:name>": _READ,
    "GET /api/v4/rollout/features/<str:name>/certificate": _READ,
    "GET /api/v4/rollout/explain": _READ,
    "GET /api/v4/rollout/history": _READ,
    "GET /api/v4/rollout/propagation": _READ,
    "GET /api/v4/rollout/verify": _READ,
    "GET /api/v4/rollout/alerts": _READ,
    "POST /api/v4/rollout/alerts/<int:alert_id>/acknowledge": _STOP,
    "GET /api/v4/rollout/report": _READ,
    "GET /api/v4/rollout/flights": _READ,
    "GET /api/v4/rollout/flights/<int:number>": _READ,
    "POST /api/v4/rollout/pause": _STOP,
    "POST /api/v4/rollout/rollback": _STOP,
    "POST /api/v4/rollout/drill/end": _STOP,
    "POST /api/v4/rollout/start": _OPS,
    "POST /api/v4/rollout/advance": _OPS,
    "POST /api/v4/rollout/percentage": _OPS,
    "POST /api/v4/rollout/resume": _OPS,
    "POST /api/v4/rollout/complete": _OPS,
    "POST /api/v4/rollout/reopen": _OPS,
    "POST /api/v4/rollout/holdout": _OPS,
    "POST /api/v4/rollout/override": _OPS,
    "POST /api/v4/rollout/testers": _OPS,
    "POST /api/v4/rollout/drill": _OPS,
}
