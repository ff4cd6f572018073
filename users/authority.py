"""Who may use which route: one table, as data. A route that is missing from it fails the test suite."""

from collections.abc import Mapping
from typing import Final

from users.keys import Scope

PUBLIC: Final[frozenset[Scope]] = frozenset()
"""No scope at all is asked for."""

AUTHORITY: Final[Mapping[str, frozenset[Scope]]] = {
    # method and path -> the scopes of which a key needs one
    "GET /health": PUBLIC,
    "GET /api/health/basic": PUBLIC,
    "GET /api/health/full": PUBLIC,
    "GET /api/restaurants": PUBLIC,
    "POST /api/restaurants": frozenset({Scope.CATALOG_WRITE}),
    "GET /api/restaurants/search": PUBLIC,
    "GET /api/restaurants/business-types": PUBLIC,
    "GET /api/restaurants/<int:restaurant_id>": PUBLIC,
    "GET /api/kosher-types": PUBLIC,
    "GET /api/statistics": PUBLIC,
    "GET /api/reviews": PUBLIC,
    "POST /api/reviews": frozenset({Scope.OPS}),
    "GET /api/reviews/<str:review_id>": PUBLIC,
    "GET /api/admin/users": frozenset({Scope.OPS}),
    "GET /api/v4/health": PUBLIC,
    "GET /api/v4/restaurants": PUBLIC,
    "POST /api/v4/restaurants": frozenset({Scope.CATALOG_WRITE}),
    "GET /api/v4/restaurants/<int:restaurant_id>": PUBLIC,
    "PUT /api/v4/restaurants/<int:restaurant_id>": frozenset({Scope.CATALOG_WRITE}),
    "PATCH /api/v4/restaurants/<int:restaurant_id>": frozenset({Scope.CATALOG_WRITE}),
    "DELETE /api/v4/restaurants/<int:restaurant_id>": frozenset({Scope.CATALOG_WRITE}),
    "GET /api/v4/reviews": PUBLIC,
    "GET /api/v4/reviews/<int:review_id>": PUBLIC,
    "GET /api/v4/users": frozenset({Scope.OPS}),
}
