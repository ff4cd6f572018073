"""Log lines as JSON."""

import json
import logging
import sys

import pytest
from django.db import IntegrityError, connection

from jewgo.core.logs import JsonFormatter


def record_of(error: BaseException) -> logging.LogRecord:
    try:
        raise error
    except type(error):
        return logging.LogRecord("jewgo.x", logging.ERROR, __file__, 1, "it failed", (), sys.exc_info())


def test_a_line_is_one_json_object_even_when_the_message_holds_line_breaks() -> None:
    record = logging.LogRecord("jewgo.x", logging.INFO, __file__, 1, "two\nlines %s", ("here",), None)

    line = JsonFormatter().format(record)

    assert "\n" not in line
    assert json.loads(line) | {"time": ""} == {
        "time": "",
        "level": "INFO",
        "logger": "jewgo.x",
        "message": "two\nlines here",
        "request_id": "",
    }


def test_an_exception_is_shown_with_its_traceback() -> None:
    shown = json.loads(JsonFormatter().format(record_of(ValueError("the cause"))))["exception"]

    assert "record_of" in shown
    assert "ValueError: the cause" in shown


@pytest.mark.django_db
def test_what_the_database_quotes_of_a_row_is_left_out() -> None:
    statement = (
        "INSERT INTO django_session VALUES ('dana@example.com', 'secret-data', now()), ('dana@example.com', '', now())"
    )
    with connection.cursor() as cursor, pytest.raises(IntegrityError) as caught:
        cursor.execute(statement)

    line = JsonFormatter().format(record_of(caught.value))

    assert "duplicate key" in line
    assert "dana@example.com" not in line
