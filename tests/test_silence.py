"""The search of this run's logs finds what it is for."""

import logging
from pathlib import Path

import pytest

from tests.silence import Listener, plant, search, told_by

LINES = [
    '{"message":"hello dana@example.com"}',
    "token jwg_bCAAqcDf_F6wdxA9NIlQ2BPAVLmP4naEuiX4WC6js36fSz0 used",
    "GET /api/v4/restaurants/nearby?lat=25.79&x=1",
    "a planted secret of ours",
]


@pytest.mark.parametrize("line", LINES)
def test_a_line_that_tells_of_somebody_is_found(line: str, tmp_path: Path) -> None:
    plant("a planted secret of ours")
    record = logging.LogRecord("anything", logging.INFO, __file__, 1, line, None, None)
    listener = Listener()
    (tmp_path / "server.log").write_text(line)

    listener.handle(record)

    assert len(listener.heard) == 1
    with pytest.raises(AssertionError, match=r"server\.log"):
        search(tmp_path)


@pytest.mark.parametrize("line", ["GET /api/v4/restaurants/nearby 200", "key jwg_bCAAqcDf", "u:3 moved 2@once"])
def test_what_names_nobody_is_let_be(line: str) -> None:
    assert told_by(line) == []
