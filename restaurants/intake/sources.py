"""Where v3 rows come from: a JSON file, or a live v3 database that is only read."""

import json
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import psycopg2
import psycopg2.extras

from jewgo.core.errors import JewgoError

OTHER_TABLES: Final = ("reviews", "users")
"""Tables of v3 that other apps import; they are counted, so that a report says that they were seen."""

IMAGE_COLUMNS: Final = {"url": ("image_url", "url"), "position": ("image_order", "position", "display_order")}


class UnreadableSource(JewgoError):
    """The file or the database does not hold v3's restaurants."""

    code, status, title = "unreadable_source", 400, "The source cannot be read"


@dataclass(slots=True)
class Source:
    """Every row of a source, and how many rows of other tables stand beside them."""

    rows: Sequence[dict[str, Any]]
    other_tables: dict[str, int] = field(default_factory=dict)


def read_source(place: str) -> Source:
    """Return the rows of a JSON file (a list, or rows under `restaurants`) or of a `postgres://` database by id.

    Raises `UnreadableSource`.
    """
    if place.startswith(("postgres://", "postgresql://")):
        return _read_database(place)
    return Source(_read_file(Path(place)))


def _read_file(path: Path) -> list[dict[str, Any]]:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UnreadableSource(f"{path}: {error}") from error
    rows = data.get("restaurants") if isinstance(data, dict) else data
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise UnreadableSource(f"{path}: expected a list of objects", hint='v3\'s export is [{"id": ..., ...}, ...].')
    return rows


def _read_database(url: str) -> Source:
    try:
        with closing(psycopg2.connect(url, connect_timeout=10)) as connection:
            connection.set_session(readonly=True, isolation_level="REPEATABLE READ")
            with connection.cursor(cursor_factory=psycopg2.extras.RealDictCursor) as cursor:
                return _read_tables(cursor)
    except psycopg2.Error as error:
        raise UnreadableSource(f"the v3 database: {str(error).strip()}") from error


def _read_tables(cursor: Any) -> Source:
    cursor.execute("SELECT * FROM restaurants ORDER BY id")
    rows = [dict(row) for row in cursor.fetchall()]
    if images := dict(_images(cursor)):
        for row in rows:
            row["additional_images"] = [*images.get(row["id"], ()), *(row.get("additional_images") or ())]
    return Source(rows, {table: _count(cursor, table) for table in OTHER_TABLES if _columns(cursor, table)})


def _columns(cursor: Any, table: str) -> set[str]:
    cursor.execute("SELECT attname FROM pg_attribute WHERE attrelid = to_regclass(%s) AND attnum > 0", [table])
    return {row["attname"] for row in cursor.fetchall()}


def _count(cursor: Any, table: str) -> int:
    cursor.execute(f"SELECT count(*) AS rows FROM {table}")  # noqa: S608 (a name from OTHER_TABLES)
    return int(cursor.fetchone()["rows"])


def _images(cursor: Any) -> Iterator[tuple[int, list[str]]]:
    """Yield each place's pictures in order, from `restaurant_images` when the database has it."""
    present = _columns(cursor, "restaurant_images")
    chosen = {use: next((name for name in names if name in present), None) for use, names in IMAGE_COLUMNS.items()}
    if not chosen["url"] or "restaurant_id" not in present:
        return
    order = f"{chosen['position']}, id" if chosen["position"] else "id"
    cursor.execute(
        f"SELECT restaurant_id, array_agg({chosen['url']} ORDER BY {order}) AS urls "  # noqa: S608 (from IMAGE_COLUMNS)
        "FROM restaurant_images GROUP BY restaurant_id"
    )
    for row in cursor.fetchall():
        yield row["restaurant_id"], row["urls"]
