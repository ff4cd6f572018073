"""Plain data: what can be written as JSON as it stands, so that nothing can fail after the switch has let it go."""

from collections.abc import Mapping
from decimal import Decimal
from math import isfinite
from typing import Any

import orjson


def written(data: Any) -> str:
    """Return `data` as JSON; raises TypeError for anything lazy, foreign, or no text in UTF-8."""
    return orjson.dumps(data, default=_plain, option=orjson.OPT_NON_STR_KEYS).decode()


def finite(value: Any) -> Any:
    """Return the data with words for what JSON has no number for: evidence may grow beyond all of them."""
    match value:
        case float() if not isfinite(value):
            return str(value)
        case Mapping():
            return {key: finite(one) for key, one in value.items()}
        case list() | tuple():
            return [finite(one) for one in value]
        case _:
            return value


def _plain(value: object) -> object:
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(f"{type(value).__name__} is not plain data; present the answer as JSON's own types")
