"""What the tests of restaurants share."""

from collections.abc import Iterator

import pytest
from django.db import transaction
from pytest_django.plugin import DjangoDbBlocker

from tests.restaurants.guide import build_guide


@pytest.fixture(scope="module")
def standing_guide(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Store the small guide once a module, in a transaction that is undone; each test's own is nested in it.

    Not for modules with transactional tests: those flush.
    """
    with django_db_blocker.unblock(), transaction.atomic():
        transaction.get_connection().atomic_blocks[-1]._from_testcase = True  # writes that own their commit may nest
        build_guide()
        yield
        transaction.set_rollback(True)
