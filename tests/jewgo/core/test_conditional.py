"""ETag, If-None-Match and If-Match."""

import pytest
from django.test import RequestFactory

from jewgo.core.conditional import etag_for, list_etag, not_modified, require_match
from jewgo.core.errors import PreconditionFailed, PreconditionRequired


def asking(**headers: str) -> object:
    return RequestFactory().get("/", headers={name.replace("_", "-"): value for name, value in headers.items()})


def test_a_tag_is_the_version_and_eight_digits_of_the_body() -> None:
    one, other = etag_for(7, b"body"), etag_for(7, b"other")

    assert one.startswith('"7.')
    assert len(one) == len('"7.12345678"')
    assert one != other
    assert list_etag(b"body").startswith('W/"')


@pytest.mark.parametrize(
    ("header", "holds"),
    [
        ('"7.aabbccdd"', True),
        ('W/"7.aabbccdd"', True),
        ('"1.00000000", "7.aabbccdd"', True),
        ("*", True),
        ('"7.11111111"', False),
        ('"7"', False),
        ("", False),
        ('"' + "x" * 4000, False),
    ],
)
def test_a_read_is_unchanged_when_the_whole_tag_is_known(header: str, holds: bool) -> None:
    assert not_modified(asking(If_None_Match=header), '"7.aabbccdd"') is holds  # type: ignore[arg-type]


@pytest.mark.parametrize("header", ['"7.aabbccdd"', '"7.11111111"', '"7"', "*", '"6.x", "7.y"'])
def test_a_change_passes_when_the_version_before_the_dot_is_the_stored_one(header: str) -> None:
    require_match(asking(If_Match=header), 7)  # type: ignore[arg-type]


@pytest.mark.parametrize("header", ['"6.aabbccdd"', '"77.x"', 'W/"7.aabbccdd"', "7", "nonsense"])
def test_a_change_of_another_version_is_refused(header: str) -> None:
    with pytest.raises(PreconditionFailed):
        require_match(asking(If_Match=header), 7)  # type: ignore[arg-type]


def test_a_change_that_names_no_version_is_refused() -> None:
    with pytest.raises(PreconditionRequired, match="version"):
        require_match(asking(), 7)  # type: ignore[arg-type]
