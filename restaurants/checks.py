"""What must be true of the database before the catalogue can be searched."""

from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Error, Tags, register
from django.db import connections
from django.db.utils import ProgrammingError

HEBREW = "שלום"


@register(Tags.database)
def check_trigrams_know_hebrew(databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """Fail (restaurants.E001) where pg_trgm drops Hebrew, as it does in a database whose LC_CTYPE is C."""
    return [message for alias in databases or () for message in trigram_messages(alias, HEBREW)]


def trigram_messages(alias: str, word: str) -> list[CheckMessage]:
    """Say what is wrong with the trigrams of `word` in the database `alias`; nothing before pg_trgm is installed."""
    try:
        with connections[alias].cursor() as cursor:
            cursor.execute("SELECT to_regproc('show_trgm') IS NULL")
            if cursor.fetchone()[0]:
                return []
            cursor.execute("SELECT cardinality(show_trgm(%s))", [word])
            trigrams = cursor.fetchone()[0]
    except ProgrammingError as error:
        return [Error(f"pg_trgm does not answer: {error}", hint=INSTALL_HINT, id="restaurants.E001")]
    return (
        []
        if trigrams
        else [Error(f"show_trgm({word!r}) is empty: search is blind to it.", hint=HINT, id="restaurants.E001")]
    )


HINT = (
    "Create the database with a UTF-8 character type, for instance: createdb --template=template0 --encoding=UTF8 "
    "--locale-provider=builtin --builtin-locale=C.UTF-8 --locale=C --lc-ctype=C.UTF-8 NAME"
)
INSTALL_HINT = "Let `manage.py migrate` install the extension pg_trgm, or install it as a superuser."
