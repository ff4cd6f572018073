"""What is kept of a person can be asked for whole, and goes with them."""

from datetime import UTC, datetime

import pytest
from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from django.apps import apps
from django.contrib.sessions.models import Session

from jewgo.core.api.wire import dumps
from rollout.models import Flag, Override
from tests.users.callers import person
from tests.users.credentials import signed_in
from users import legacy, personal_data
from users.models import User
from users.roles import Role
from users.services import UserService
from users.values import Giver, PersonChange, UnknownUser

pytestmark = pytest.mark.django_db

ROOT = Giver("u:1", 10)


def settled() -> User:
    """Store a person of whom something is kept in every table of accounts and rollout."""
    dana = person(Role.MODERATOR, email="dana@example.com")
    EmailAddress.objects.update_or_create(user=dana, email=dana.email, defaults={"verified": True})
    signed_in(dana)
    Override.objects.create(flag=Flag.objects.get(name="api_v4_users"), identity=f"u:{dana.pk}", is_in=True)
    return dana


def test_an_export_holds_what_each_part_keeps_and_no_secret() -> None:
    dana = settled()

    told = personal_data.export(dana.pk)

    assert told["account"]["user"]["email"] == "dana@example.com"
    assert [row["email"] for row in told["account"]["addresses"]] == ["dana@example.com"]
    assert len(told["account"]["sessions"]) == 1
    assert told["rollout"] == {"tests": [], "overrides": [{"feature": "api_v4_users", "is_in": True}]}
    text = dumps(told).decode()
    assert dana.password not in text
    assert Session.objects.get().session_key not in text


@pytest.mark.parametrize("erase", [UserService().erase, legacy.erase], ids=["v4", "v3"])
def test_whoever_leaves_is_named_nowhere_and_signed_in_nowhere(erase: object) -> None:
    dana = settled()

    erase(dana.pk, ROOT)  # type: ignore[operator]

    assert not User.objects.filter(pk=dana.pk).exists()
    assert not Session.objects.exists()
    assert not UserSession.objects.exists()
    assert not Override.objects.filter(identity=f"u:{dana.pk}").exists()
    with pytest.raises(UnknownUser):
        erase(dana.pk, ROOT)  # type: ignore[operator]


def test_every_table_that_speaks_of_people_has_somebody_who_answers_for_it() -> None:
    """A new table with a foreign key to people fails here until an app says how it is exported and erased."""
    known = {
        "account": {
            "account.EmailAddress",
            "mfa.Authenticator",
            "usersessions.UserSession",
            "users.RoleGrant",
            "users.RoleEvent",
            "users.User_groups",
            "users.User_user_permissions",
            "admin.LogEntry",
        },
        "rollout": {"rollout.Flag_users"},
        "reviews": {"reviews.Review", "reviews.Vote", "reviews.Reply", "reviews.Flag"},
        "favourites": {"restaurants.Favourite"},
        "ownerships": {"restaurants.Ownership"},
        "certificates, whose verifier is set to null": {"restaurants.Certificate"},
    }
    speaking = {
        model._meta.label
        for model in apps.get_models(include_auto_created=True)
        for field in model._meta.get_fields()
        if field.is_relation and field.concrete and not field.many_to_many and field.related_model is User
    }

    assert speaking <= set().union(*known.values())
    assert {"account", "rollout"} <= set(personal_data.keepers())


def test_both_engines_change_a_person_alike() -> None:
    people = [person(email=f"{number}@example.com") for number in range(2)]
    change = PersonChange(name="Somebody", is_superuser=True)

    of_v4 = UserService().change(people[0].pk, change, ROOT)
    of_v3 = legacy.change(people[1].pk, change, ROOT)

    assert (of_v3.name, of_v3.role, of_v3.is_staff) == (of_v4.name, of_v4.role, of_v4.is_staff)
    assert [event.actor for event in people[1].role_events.all()] == ["u:1"]
    assert of_v3.created_at > datetime(2025, 1, 1, tzinfo=UTC)
