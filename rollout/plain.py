"""Plain data: what can be written as JSON as it stands, so that nothing can fail after the switch has let it go."""

from decimal import Decimal
from typing import Any

import orjson


def written(data: Any) -> str:
    """Return `data` as JSON; raises TypeError for anything lazy, foreign, or no text in UTF-8."""
    return orjson.dumps(data, default=_plain, option=orjson.OPT_NON_STR_KEYS).decode()


def _plain(value: object) -> object:
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(f"{type(value).__name__} is not plain data; present the answer as JSON's own types")
