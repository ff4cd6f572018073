"""Addresses whose case never matters."""

import pytest
from django.contrib.auth import authenticate
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction

from users.models import User

pytestmark = pytest.mark.django_db


def test_an_address_is_stored_in_lower_case_and_the_instance_says_so() -> None:
    user = User.objects.create_user("Dana@Example.COM")

    assert user.email == "dana@example.com"
    assert User.objects.values_list("email", flat=True).get() == "dana@example.com"


def test_a_person_logs_in_with_the_address_in_any_case() -> None:
    user = User.objects.create_user("dana@example.com", "a-long-password")

    assert authenticate(username="DANA@example.com", password="a-long-password") == user


def test_two_spellings_of_one_address_cannot_both_be_stored() -> None:
    User.objects.create_user("dana@example.com")

    with pytest.raises(IntegrityError, match="email"):
        User.objects.create_user("DANA@EXAMPLE.COM")


def test_a_form_finds_the_other_spelling_before_the_database_does() -> None:
    User.objects.create_user("dana@example.com", "a-long-password")

    with pytest.raises(ValidationError, match="already exists"):
        User(email="Dana@Example.com", password="x").full_clean()


def test_a_bulk_update_lowers_the_case_too() -> None:
    user = User.objects.create_user("dana@example.com")

    User.objects.filter(pk=user.pk).update(email="NEW@example.com")

    user.refresh_from_db()
    assert user.email == "new@example.com"


def test_the_database_refuses_capitals_written_past_django() -> None:
    User.objects.create_user("dana@example.com")

    with pytest.raises(IntegrityError, match="users_user_email_lower_case"), transaction.atomic():
        connection.cursor().execute("UPDATE users_user SET email = upper(email)")
