"""Log lines as JSON objects, with the request's id and without what people told us."""

import logging
import re
import traceback
from datetime import UTC, datetime
from typing import Any, Final

import orjson

from jewgo.core.middleware import current_request_id

PERSONAL: Final = re.compile(r"(?ms)^(DETAIL|CONTEXT|PARAMETERS?): .*?(?=^\S+?: |\Z)")
"""Lines of a PostgreSQL error that quote the row: an e-mail address that is taken, say."""


class JsonFormatter(logging.Formatter):
    """One line per record: time, level, logger, message, request id, the `fields` of `extra`, the traceback."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "request_id": current_request_id(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info and record.exc_info[1]:
            line["exception"] = _shown(record.exc_info[1])
        return orjson.dumps(line, default=str).decode()


def _shown(error: BaseException) -> str:
    """Return the traceback without the lines that quote stored data."""
    return PERSONAL.sub("", "".join(traceback.format_exception(error))).strip()
