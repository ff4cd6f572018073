"""waffle keeps working on our Flag: every trap that its caching, its columns and its test tools lay."""

import json
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AnonymousUser
from django.core import mail
from django.core.cache import caches
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.template import Context, Template
from django.test import RequestFactory
from django.views import View
from pytest_django import DjangoAssertNumQueries
from waffle import flag_is_active, get_waffle_flag_model
from waffle.decorators import waffle_flag
from waffle.mixins import WaffleFlagMixin
from waffle.testutils import override_flag
from waffle.utils import get_cache
from waffle.views import waffle_json, wafflejs

from rollout import pulse
from rollout.models import Flag
from rollout.snapshot import holder
from rollout.testing import at_stage
from rollout.waffle_flag import EveryoneIsNotStored

FEATURE = "api_v4_restaurants"


@pytest.fixture
def request_of_device(rf: RequestFactory) -> HttpRequest:
    request = rf.get("/", headers={"X-Device-ID": "3d0a1b1e-7d2b-4a57-9a36-0e5a1d1c9f3b"})
    request.user = AnonymousUser()
    return request


def test_the_flag_model_is_ours() -> None:
    assert get_waffle_flag_model() is Flag


@pytest.mark.parametrize(("stage", "active"), [("disabled", False), ("full", True), ("complete", True)])
def test_flag_is_active_says_what_the_snapshot_decides(
    request_of_device: HttpRequest, stage: str, active: bool
) -> None:
    with at_stage(FEATURE, stage):
        assert flag_is_active(request_of_device, FEATURE) is active


def test_an_unknown_flag_is_off_and_nothing_is_created(db: None, request_of_device: HttpRequest) -> None:
    assert flag_is_active(request_of_device, "nobody_knows") is False
    assert not Flag.objects.filter(name="nobody_knows").exists()


@pytest.mark.django_db
def test_reading_flags_costs_no_query_and_no_cache_call(
    request_of_device: HttpRequest, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    pulse.beat()

    with django_assert_num_queries(0):
        flag = Flag.get(FEATURE)
        everything = Flag.get_all()
        flag_is_active(request_of_device, FEATURE)

    assert (flag.name, flag.stage, flag.pk) == (FEATURE, "disabled", Flag.objects.get(name=FEATURE).pk)
    assert {one.name for one in everything} == set(Flag.objects.values_list("name", flat=True))


def test_waffle_has_no_cache_of_ours_to_put_model_instances_in() -> None:
    cache = get_cache()

    cache.set("flag", "pickled")

    assert cache is caches["waffle"]
    assert cache.get("flag") is None


@pytest.mark.django_db
def test_waffle_own_columns_cannot_be_set_by_anybody() -> None:
    pinned: list[dict[str, Any]] = [
        {"everyone": True},
        {"everyone": False},
        {"percent": 10},
        {"testing": True},
        {"rollout": True},
        {"authenticated": True},
        {"languages": "he"},
    ]
    for columns in pinned:
        with pytest.raises(IntegrityError), transaction.atomic():
            Flag.objects.filter(name=FEATURE).update(**columns)


@pytest.mark.django_db
def test_superusers_are_no_testers_unless_somebody_ticks_it() -> None:
    assert Flag(name="new").superusers is False


@pytest.mark.django_db
@pytest.mark.parametrize("active", [True, False])
def test_override_flag_decides_for_everyone_and_stores_nothing(request_of_device: HttpRequest, active: bool) -> None:
    with at_stage(FEATURE, "partial", percentage=50), override_flag(FEATURE, active=active):
        inside = flag_is_active(request_of_device, FEATURE)
        stored = _stored_everyone(FEATURE)

    assert inside is active
    assert stored is None
    assert holder.everyone(FEATURE) is None


@pytest.mark.django_db
def test_override_flag_works_nested(request_of_device: HttpRequest) -> None:
    seen = []
    with override_flag(FEATURE, active=True):
        with override_flag(FEATURE, active=False):
            with override_flag(FEATURE, active=True):
                seen.append(flag_is_active(request_of_device, FEATURE))
            seen.append(flag_is_active(request_of_device, FEATURE))
        seen.append(flag_is_active(request_of_device, FEATURE))
    seen.append(flag_is_active(request_of_device, FEATURE))

    assert seen == [True, False, True, False]


@pytest.mark.django_db
def test_override_flag_works_nested_for_a_flag_that_is_missing(request_of_device: HttpRequest) -> None:
    with override_flag("missing", active=True):
        with override_flag("missing", active=False):
            inner = flag_is_active(request_of_device, "missing")
        outer = flag_is_active(request_of_device, "missing")

    assert (inner, outer, flag_is_active(request_of_device, "missing")) == (False, True, False)
    assert not Flag.objects.filter(name="missing").exists()


@pytest.mark.django_db
def test_override_flag_works_as_a_decorator(request_of_device: HttpRequest) -> None:
    @override_flag(FEATURE, active=True)
    def decorated() -> bool | None:
        return flag_is_active(request_of_device, FEATURE)

    assert decorated() is True
    assert flag_is_active(request_of_device, FEATURE) is False


@pytest.mark.django_db(transaction=True)
def test_override_flag_works_where_the_hooks_of_a_commit_really_run(request_of_device: HttpRequest) -> None:
    with override_flag(FEATURE, active=True), override_flag("missing", active=True):
        inside = [flag_is_active(request_of_device, name) for name in (FEATURE, "missing")]

    assert inside == [True, True]
    assert [flag_is_active(request_of_device, name) for name in (FEATURE, "missing")] == [False, False]


@pytest.mark.django_db(transaction=True)
def test_a_flush_leaves_the_declared_features() -> None:
    call_command("flush", interactive=False, verbosity=0)

    assert Flag.objects.filter(name=FEATURE).exists()


@pytest.mark.django_db
def test_waffle_tables_whose_foreign_keys_break_a_flush_are_gone() -> None:
    assert not {"waffle_flag_users", "waffle_flag_groups"} & set(connection.introspection.table_names())


@pytest.mark.django_db
def test_an_override_outlives_a_change_of_the_flag_within_it(request_of_device: HttpRequest) -> None:
    with override_flag(FEATURE, active=True):
        flag = Flag.objects.get(name=FEATURE)
        flag.note = "changed"
        flag.save()
        flag.users.add(get_user_model().objects.create_user("tester@example.org"))

        inside = (flag.everyone, flag_is_active(request_of_device, FEATURE), _stored_everyone(FEATURE))

    assert inside == (True, True, None)


@pytest.mark.django_db
def test_a_flag_read_from_the_database_knows_the_override() -> None:
    with override_flag(FEATURE, active=False):
        assert Flag.objects.get(name=FEATURE).everyone is False
        assert Flag.get(FEATURE).everyone is False


@pytest.mark.django_db
def test_outside_of_tests_setting_everyone_is_refused_and_the_command_is_named() -> None:
    flag = Flag.objects.get(name=FEATURE)
    flag.everyone = True

    with _outside_of_tests(), pytest.raises(EveryoneIsNotStored) as refused:
        flag.save()

    assert f"manage.py rollback {FEATURE}" in (refused.value.hint or "")


@pytest.mark.django_db
def test_outside_of_tests_a_flag_without_everyone_is_saved() -> None:
    flag = Flag.objects.get(name=FEATURE)
    flag.note = "saved"

    with _outside_of_tests():
        flag.save()

    assert Flag.objects.get(name=FEATURE).note == "saved"


@waffle_flag(FEATURE)
def decorated_view(request: HttpRequest) -> HttpResponse:
    return HttpResponse("new")


@waffle_flag(f"!{FEATURE}")
def inverted_view(request: HttpRequest) -> HttpResponse:
    return HttpResponse("old")


class MixedView(WaffleFlagMixin, View):
    waffle_flag = FEATURE

    def get(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse("new")


@pytest.mark.parametrize("view", [decorated_view, MixedView.as_view()])
def test_decorator_and_mixin_open_and_close_with_the_decision(
    request_of_device: HttpRequest, view: Callable[[HttpRequest], HttpResponse]
) -> None:
    with at_stage(FEATURE, "full"):
        assert view(request_of_device).content == b"new"
    with at_stage(FEATURE, "disabled"), pytest.raises(Http404):
        view(request_of_device)


def test_the_inverted_decorator_closes_where_the_feature_is_on(request_of_device: HttpRequest) -> None:
    with at_stage(FEATURE, "disabled"):
        assert inverted_view(request_of_device).content == b"old"
    with at_stage(FEATURE, "full"), pytest.raises(Http404):
        inverted_view(request_of_device)


TEMPLATE = f"{{% load waffle_tags %}}{{% flag '{FEATURE}' %}}new{{% else %}}old{{% endflag %}}"


@pytest.mark.parametrize(("stage", "shown"), [("full", "new"), ("disabled", "old")])
def test_the_template_tag_shows_the_decision(request_of_device: HttpRequest, stage: str, shown: str) -> None:
    with at_stage(FEATURE, stage):
        assert Template(TEMPLATE).render(Context({"request": request_of_device})) == shown


@pytest.mark.parametrize(
    ("stage", "percentage", "shown"), [("full", 100, "new"), ("partial", 100, "new"), ("partial", 99.99, "old")]
)
def test_the_template_tag_without_a_request_is_on_only_where_it_is_on_for_everybody(
    stage: str, percentage: float, shown: str
) -> None:
    with at_stage(FEATURE, stage, percentage=percentage):
        assert Template(TEMPLATE).render(Context()) == shown


@pytest.mark.django_db
def test_the_json_view_tells_our_decisions(request_of_device: HttpRequest) -> None:
    pulse.beat()

    with at_stage(FEATURE, "full"):
        told = json.loads(waffle_json(request_of_device).content)  # type: ignore[no-untyped-call]

    flags = told["flags"]
    assert flags[FEATURE]["is_active"] is True
    assert flags["api_v4_reviews"]["is_active"] is False
    assert flags["api_v4_reviews"]["last_modified"]


@pytest.mark.django_db
def test_the_script_view_tells_our_decisions(request_of_device: HttpRequest) -> None:
    with at_stage(FEATURE, "full"):
        script = wafflejs(request_of_device).content.decode()  # type: ignore[no-untyped-call]

    assert f"'{FEATURE}': true" in script


@pytest.mark.parametrize("query", [f"dwft_{FEATURE}=1", f"{FEATURE}=1"])
def test_no_query_parameter_or_cookie_lets_anybody_in(rf: RequestFactory, query: str) -> None:
    request = rf.get(f"/?{query}")
    request.COOKIES[f"dwf_{FEATURE}"] = "True"

    with at_stage(FEATURE, "testing"):
        assert flag_is_active(request, FEATURE) is False


@pytest.mark.django_db
def test_a_tester_is_in_by_user_by_group_and_by_role(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    users = get_user_model().objects
    named, grouped, staff, other = (users.create_user(f"{who}@example.org") for who in ("a", "b", "c", "d"))
    staff.is_staff = True
    staff.save()
    flag = Flag.objects.get(name="api_v4_enabled")
    group = grouped.groups.create(name="testers")
    flag.users.add(named)
    flag.groups.add(group)
    Flag.objects.filter(pk=flag.pk).update(stage="testing", staff=True)
    pulse.beat()

    with django_assert_num_queries(0):
        active = [Flag.get(flag.name).is_active_for_user(user) for user in (named, grouped, staff, other)]

    assert active == [True, True, True, False]
    assert Flag.get(flag.name).is_active_for_user(AnonymousUser()) is False


def _stored_everyone(feature: str) -> bool | None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT everyone FROM rollout_flag WHERE name = %s", [feature])
        (everyone,) = cursor.fetchone() or (None,)
    return everyone


def _outside_of_tests() -> ExitStack:
    """Take away what Django's test environment adds, as it is in a process that serves."""
    outbox = mail.outbox
    del mail.outbox
    stack = ExitStack()
    stack.callback(setattr, mail, "outbox", outbox)
    return stack
