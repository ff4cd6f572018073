"""The hours of a restaurant in v4: what is shown, and how they are set."""

import json
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client

from restaurants import services
from restaurants.api.v4.hours_shapes import RestaurantHoursShape, present_hours
from restaurants.api.v4.shapes import HoursShape, present
from restaurants.models import Change, OpeningSpan, Restaurant
from tests.restaurants.v4.calls import LIST, problem, send

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("guide")]

HOURS = f"{LIST}/7/hours"
EASTERN = ZoneInfo("America/New_York")
FRIDAY = datetime(2026, 6, 5, 13, tzinfo=EASTERN)
TEXT = "Sun-Thu 11am-10pm, Fri 11am-3pm, Sat Closed"


@pytest.fixture
def tag(client: Client) -> str:
    return client.get(HOURS).headers["ETag"]


def put(client: Client, body: dict[str, Any], tag: str = "*", query: str = "") -> Any:
    return send(client, "PUT", f"{HOURS}{query}", body, if_match=tag)


def refused(client: Client, body: dict[str, Any], code: str = "hours_not_understood") -> list[dict[str, Any]]:
    errors: list[dict[str, Any]] = problem(put(client, body), 400, code)["errors"]
    return errors


class TestReading:
    def test_everything_that_is_known_is_shown(self, client: Client) -> None:
        shown = client.get(HOURS).json()["data"]

        assert list(shown) == list(RestaurantHoursShape.__annotations__)
        assert shown["timezone"] == "America/New_York"
        assert shown["opening_hours"] == "Mo 12:00-22:30"
        assert shown["raw"] == {"text": "Monday: 12:00 – 10:30\u202fPM", "source": "a public list"}
        assert len(shown["days"]) == 7
        assert shown["is_shabbat_exempt"] is False

    def test_the_coming_week_is_in_local_time_with_shabbat_heeded(self) -> None:
        place = Restaurant.objects.get(pk=7)
        place.opening_hours = "Mo-Th 18:00-02:00; Fr-Su 10:00-23:00"
        Restaurant.objects.store(place, actor="test", action="update")

        shown = present_hours(services.detail(7), FRIDAY)

        assert (shown["status"], shown["reason"]) == ("open", "hours")
        friday, saturday, sunday, monday = shown["days"][:4]
        assert _times(friday) == [("2026-06-05T10:00:00-04:00", "2026-06-05T19:52:00-04:00")]
        assert _times(saturday) == [("2026-06-06T20:50:00-04:00", "2026-06-06T23:00:00-04:00")]
        assert _times(sunday) == [("2026-06-07T10:00:00-04:00", "2026-06-07T23:00:00-04:00")]
        assert _times(monday) == [("2026-06-08T18:00:00-04:00", "2026-06-09T02:00:00-04:00")]
        assert shown["next_change_at"] == friday["intervals"][0]["closes_at"]
        assert (saturday["weekday"], saturday["status"]) == ("saturday", "open")

    def test_a_day_without_hours_says_why(self) -> None:
        shown = present_hours(services.detail(7), FRIDAY)

        assert [(day["status"], day["reason"]) for day in shown["days"][:4]] == [
            ("closed", "hours"),
            ("closed", "shabbat"),
            ("closed", "hours"),
            ("open", "hours"),
        ]

    def test_a_place_open_around_the_clock_is_parted_at_midnight(self) -> None:
        place = Restaurant.objects.get(pk=7)
        place.opening_hours = "24/7"
        Restaurant.objects.store(place, actor="test", action="update")

        days = present_hours(services.detail(7), datetime(2026, 6, 7, 9, tzinfo=EASTERN))["days"]

        assert _times(days[0]) == [("2026-06-07T00:00:00-04:00", "2026-06-08T00:00:00-04:00")]
        assert _times(days[5]) == [("2026-06-12T00:00:00-04:00", "2026-06-12T19:54:00-04:00")]

    def test_without_a_zone_there_are_no_days(self, client: Client) -> None:
        shown = client.get(f"{LIST}/12/hours").json()["data"]

        assert (shown["status"], shown["reason"], shown["next_change_at"]) == ("unknown", "no_hours", None)
        assert shown["days"] == []

    def test_the_restaurant_itself_says_how_things_stand(self, client: Client) -> None:
        place = services.detail(7)

        hours = present(place, at=datetime(2026, 6, 6, 12, tzinfo=EASTERN))["hours"]

        assert list(hours) == list(HoursShape.__annotations__)
        assert (hours["status"], hours["reason"], hours["is_shabbat_exempt"]) == ("closed", "shabbat", False)
        assert hours["next_change_at"] == datetime(2026, 6, 8, 12, tzinfo=EASTERN)
        assert client.get(f"{LIST}/7").json()["data"]["hours"].keys() == hours.keys()

    def test_who_is_not_shown_has_no_hours(self, client: Client) -> None:
        problem(client.get(f"{LIST}/40/hours"), 404, "unknown_restaurant")
        assert send(client, "GET", f"{LIST}/40/hours").status_code == 200

    def test_no_parameter_is_known(self, client: Client) -> None:
        problem(client.get(f"{HOURS}?day=1"), 400, "invalid_input")

    def test_the_same_answer_is_not_sent_twice(self, client: Client, tag: str) -> None:
        assert client.get(HOURS, headers={"If-None-Match": tag}).status_code == 304


class TestSetting:
    def test_a_text_is_understood_and_kept_beside(self, client: Client, tag: str) -> None:
        before = datetime.now(UTC)

        response = put(client, {"text": TEXT, "source": "the owner"}, tag)

        shown = json.loads(response.content)["data"]
        assert response.status_code == 200, response.content
        assert shown["opening_hours"] == "Mo-Th,Su 11:00-22:00; Fr 11:00-15:00"
        assert shown["raw"] == {"text": TEXT, "source": "the owner"}
        assert datetime.fromisoformat(shown["updated_at"]) >= before
        assert response.headers["ETag"].startswith('"2.')
        assert client.get(HOURS).json()["data"]["opening_hours"] == shown["opening_hours"]

    def test_history_and_spans_follow(self, client: Client, tag: str) -> None:
        before = OpeningSpan.objects.filter(restaurant=7).count()

        put(client, {"opening_hours": "Mo-Su 10:00-12:00,14:00-22:00"}, tag)

        change = Change.objects.filter(restaurant=7).order_by("-pk")[0]
        assert (change.action, change.fields["opening_hours"][1]) == ("set_hours", "Mo-Su 10:00-12:00,14:00-22:00")
        assert OpeningSpan.objects.filter(restaurant=7).count() > before

    def test_offsets_come_from_the_text_and_can_be_given(self, client: Client) -> None:
        text = "Saturday: 30 minutes after Shabbat – 12:00 AM"

        said = json.loads(put(client, {"text": text}).content)["data"]
        given = json.loads(put(client, {"text": text, "opens_after_shabbat_min": 45}).content)["data"]

        assert (said["opens_after_shabbat_min"], given["opens_after_shabbat_min"]) == (30, 45)

    def test_what_is_left_out_becomes_unknown(self, client: Client) -> None:
        put(client, {"opening_hours": "24/7", "is_shabbat_exempt": True})
        exempt = client.get(HOURS).json()["data"]

        shown = json.loads(put(client, {}).content)["data"]

        assert (exempt["is_shabbat_exempt"], exempt["status"]) == (True, "open")
        assert (shown["opening_hours"], shown["is_shabbat_exempt"], shown["raw"]["text"]) == (None, False, None)

    def test_the_same_hours_again_change_nothing(self, client: Client) -> None:
        first = put(client, {"text": TEXT})
        again = put(client, {"text": TEXT})

        assert json.loads(first.content)["data"]["updated_at"] == json.loads(again.content)["data"]["updated_at"]
        assert Restaurant.objects.get(pk=7).version == 2

    def test_what_an_import_doubted_is_settled(self, client: Client) -> None:
        Restaurant.objects.filter(pk=7).update(quality_flags=["hours_disagree", "no_phone"])

        put(client, {"opening_hours": "24/7"})

        assert Restaurant.objects.get(pk=7).quality_flags == ["no_phone"]

    def test_a_dry_run_stores_nothing(self, client: Client, tag: str) -> None:
        response = put(client, {"opening_hours": "24/7"}, tag, "?dry_run=true")

        body = json.loads(response.content)
        assert (body["data"]["opening_hours"], body["meta"]) == ("24/7", {"dry_run": True})
        assert Restaurant.objects.get(pk=7).opening_hours == "Mo 12:00-22:30"

    def test_if_match_is_asked_for_and_kept(self, client: Client) -> None:
        problem(send(client, "PUT", HOURS, {"opening_hours": "24/7"}), 428, "precondition_required")
        problem(put(client, {"opening_hours": "24/7"}, '"9.00000000"'), 412, "precondition_failed")

    def test_it_takes_the_scope(self, client: Client) -> None:
        body = json.dumps({"opening_hours": "24/7"})

        response = client.put(HOURS, body, content_type="application/json", headers={"If-Match": "*"})

        problem(response, 401, "unauthenticated")

    def test_an_unknown_restaurant_has_no_hours_to_set(self, client: Client) -> None:
        response = send(client, "PUT", f"{LIST}/999/hours", {"opening_hours": "24/7"}, if_match="*")

        problem(response, 404, "unknown_restaurant")


class TestRefusing:
    def test_a_text_in_no_known_form(self, client: Client) -> None:
        [error] = refused(client, {"text": "Mon 9-5"})

        assert (error["pointer"], error["code"]) == ("/text", "hours_not_understood")
        assert "AM or PM" in error["detail"]
        assert "Sun-Thu" in error["hint"]

    def test_an_opening_hours_text_that_is_none(self, client: Client) -> None:
        [error] = refused(client, {"opening_hours": "Mo 25:99"})

        assert (error["pointer"], error["code"]) == ("/opening_hours", "invalid_opening_hours")
        assert "openstreetmap.org" in error["hint"]

    def test_a_text_that_says_nothing(self, client: Client) -> None:
        [error] = refused(client, {"text": "Hours not available"})

        assert (error["pointer"], error["code"]) == ("/text", "placeholder_value")

    def test_hours_that_are_given_twice(self, client: Client) -> None:
        [error] = refused(client, {"text": TEXT, "opening_hours": "24/7"})

        assert (error["pointer"], error["code"]) == ("/text", "conflicting_members")

    def test_minutes_beside_shabbat_without_hours(self, client: Client) -> None:
        [error] = refused(client, {"opens_after_shabbat_min": 30})

        assert (error["pointer"], error["code"]) == ("/opens_after_shabbat_min", "required")

    @pytest.mark.parametrize(
        ("body", "pointer"),
        [
            ({"opens_after_shabbat_min": -1, "opening_hours": "24/7"}, "/opens_after_shabbat_min"),
            ({"closes_before_shabbat_min": 601, "opening_hours": "24/7"}, "/closes_before_shabbat_min"),
            ({"hours": "24/7"}, "/hours"),
            ({"opening_hours": "x" * 2001}, "/opening_hours"),
        ],
    )
    def test_a_body_of_another_shape(self, client: Client, body: dict[str, Any], pointer: str) -> None:
        [error] = refused(client, body, "invalid_input")

        assert error["pointer"] == pointer


def _times(day: Any) -> list[tuple[str, str]]:
    return [(one["opens_at"].isoformat(), one["closes_at"].isoformat()) for one in day["intervals"]]
