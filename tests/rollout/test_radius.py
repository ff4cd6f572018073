"""Before pressing: who moves is compared with everybody's own decision before and after; the rest with the formula."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from rollout import documents, known_identities, pulse, traffic
from rollout.harm import ALWAYS, ONE_IN_FIVE, Exposure, toll
from rollout.models import Flag, Measurement
from rollout.moves import Report, Selection
from rollout.radius import Radius
from rollout.services import RolloutService
from tests.rollout.control import TERMS, guard_ticked, judged, sampled, worker
from users.keys import Scope
from users.models import ServiceKey, User

pytestmark = pytest.mark.django_db

ROOT, REVIEWS, USERS, CACHE = "api_v4_enabled", "api_v4_reviews", "api_v4_users", "api_v4_cache"
ALL = Selection(everything=True)
PEOPLE, KEYS = 300, 5

Make = Callable[[RolloutService, dict[str, Any]], Report]

MOVES: dict[str, Make] = {
    "advance": lambda service, more: service.advance(USERS, **TERMS, **more),
    "advance the prerequisite": lambda service, more: service.advance(ROOT, **TERMS, **more),
    "advance all": lambda service, more: service.advance(ALL, **TERMS, **more),
    "narrow": lambda service, more: service.set_percentage("7.5", USERS, **TERMS, **more),
    "roll one back": lambda service, more: service.rollback(REVIEWS, **TERMS, **more),
    "roll the prerequisite back": lambda service, more: service.rollback(ROOT, **TERMS, **more),
    "pause": lambda service, more: service.pause(USERS, **TERMS, **more),
    "more testers": lambda service, more: service.set_testers(
        USERS, add=["staff", f"u:{first()}", "crew"], **TERMS, **more
    ),
    "fewer testers": lambda service, more: service.set_testers(
        ROOT, remove=["superusers", "old hands"], **TERMS, **more
    ),
    "override in": lambda service, more: service.override(USERS, f"u:{first()}", True, **TERMS, **more),
    "override out": lambda service, more: service.override(ROOT, f"u:{first()}", False, **TERMS, **more),
}


def first() -> int:
    return User.objects.order_by("pk").values_list("pk", flat=True)[0]


@pytest.fixture
def service() -> RolloutService:
    return RolloutService()


@pytest.fixture
def crowd(service: RolloutService) -> RolloutService:
    """Some hundred people and keys; all features at 25 %, users at 20 %, with testers and overrides of every kind."""
    people = User.objects.bulk_create(
        User(email=f"{n}@example.org", is_staff=n % 50 == 0, is_superuser=n % 70 == 0) for n in range(PEOPLE)
    )
    User.objects.create(email="gone@example.org", is_active=False)
    for n in range(KEYS):
        ServiceKey.objects.issue(label=f"key {n}", scopes=[Scope.OPS])
    for name, members in {"crew": people[5:25], "old hands": people[20:40]}.items():
        Group.objects.create(name=name).user_set.set(members)
    service.start(ALL, **TERMS)
    service.set_percentage(25, ALL, **TERMS)
    service.set_percentage(20, USERS, **TERMS)
    service.set_testers(ROOT, add=["superusers", "old hands"], **TERMS)
    service.set_testers(USERS, add=["old hands", f"u:{people[7].pk}"], **TERMS)
    for n, is_in in ((50, True), (51, False), (0, False)):
        service.override(USERS, f"u:{people[n].pk}", is_in, **TERMS)
    return service


def decided() -> dict[str, dict[str, bool]]:
    """Return feature → identity → whether v4 answers, as the tables decide now."""
    seen, everybody = pulse.view(), list(known_identities.everybody(timezone.now()))
    return {name: {who: seen.decide(name, who).is_candidate for who in everybody} for name in seen.flags}


def only(report: Report, name: str = USERS) -> Radius:
    (found,) = [outcome.radius for outcome in report.outcomes if outcome.feature == name]
    assert found is not None
    return found


class TestWhoMoves:
    """Compared with what everybody gets before and after the move is really made."""

    @pytest.mark.parametrize("name", MOVES)
    def test_it_names_exactly_those_whose_engine_changes(self, crowd: RolloutService, name: str) -> None:
        before = decided()
        announced = MOVES[name](crowd, {"dry_run": True})
        assert decided() == before
        MOVES[name](crowd, {})
        after = decided()

        for outcome in announced.outcomes:
            assert outcome.radius is not None
            was, now = before[outcome.feature], after[outcome.feature]
            moved = outcome.radius.movers
            assert set(moved.names_into_v4) == {who for who in was if now[who] and not was[who]} or moved.into_v4 > 100
            assert set(moved.names_into_v3) == {who for who in was if was[who] and not now[who]} or moved.into_v3 > 100
            assert moved.into_v4 == sum(now[who] and not was[who] for who in was)
            assert moved.into_v3 == sum(was[who] and not now[who] for who in was)
            assert (moved.known, moved.on_v4) == (PEOPLE + KEYS, sum(now.values()))

    @pytest.mark.parametrize("name", MOVES)
    def test_whatever_changes_without_being_named_goes_along(self, crowd: RolloutService, name: str) -> None:
        before = decided()
        announced = MOVES[name](crowd, {"dry_run": True})
        MOVES[name](crowd, {})
        after = decided()

        told = {outcome.feature for outcome in announced.outcomes}
        told |= {other for outcome in announced.outcomes if outcome.radius for other in outcome.radius.dependants}
        assert {feature for feature in before if before[feature] != after[feature]} <= told

    def test_at_least_some_of_these_moves_move_somebody_each_way(self, crowd: RolloutService) -> None:
        reports = [make(crowd, {"dry_run": True}) for make in MOVES.values()]

        moved = [outcome.radius.movers for report in reports for outcome in report.outcomes if outcome.radius]
        assert (any(one.into_v4 for one in moved), any(one.into_v3 for one in moved)) == (True, True)

    def test_a_hundred_are_named_and_all_are_counted(self, crowd: RolloutService) -> None:
        crowd.set_percentage(100, ROOT, **TERMS)

        moved = only(crowd.set_percentage(100, USERS, dry_run=True, **TERMS)).movers

        assert (moved.into_v4 > 200, len(moved.names_into_v4)) == (True, 100)

    def test_inactive_people_and_revoked_or_expired_keys_are_not_known(self, db: None) -> None:
        now = timezone.now()
        User.objects.create(email="in@example.org")
        User.objects.create(email="out@example.org", is_active=False)
        ServiceKey.objects.issue(label="a", scopes=[Scope.OPS], expires_at=now + timedelta(days=1))
        ServiceKey.objects.revoke(ServiceKey.objects.issue(label="b", scopes=[Scope.OPS]).prefix, now=now)

        everybody = list(known_identities.everybody(now))
        later = list(known_identities.everybody(now + timedelta(days=2)))

        assert [one[:2] for one in everybody] == ["u:", "k:"]
        assert [one[:2] for one in later] == ["u:"]

    def test_another_app_may_register_a_kind_of_its_own(self, crowd: RolloutService, kinds: None) -> None:
        known_identities.register("d", lambda _: ["d:00000000-0000-4000-8000-000000000001"])

        assert only(crowd.advance(USERS, dry_run=True, **TERMS)).movers.known == PEOPLE + KEYS + 1

    @pytest.fixture
    def kinds(self) -> Iterator[None]:
        before = dict(known_identities._sources)
        yield
        known_identities._sources.clear()
        known_identities._sources.update(before)


class TestHarm:
    """The people who would meet a failing v4, and where no number can be told."""

    @pytest.fixture
    def watched(self, service: RolloutService) -> RolloutService:
        """All features at 10 %, with a guard that looks and an hour of calls."""
        now = timezone.now()
        service.start(ALL, **TERMS)
        service.set_percentage(10, ALL, **TERMS)
        guard_ticked(now)
        sampled(USERS, now - timedelta(minutes=10), calls=100, eligible=70)
        sampled(USERS, now - timedelta(minutes=20), arm="control", calls=900, eligible=430)
        return service

    def test_without_the_guards_count_of_people_calls_stand_for_them(self, watched: RolloutService) -> None:
        radius = only(watched.advance(USERS, dry_run=True, **TERMS))

        exposure = Exposure(share=0.1, people_per_hour=1000, evidence_share=0.5, error_limit=0.03)
        assert radius.failing_always == toll(exposure, ALWAYS)
        assert radius.failing_one_in_five == toll(exposure, ONE_IN_FIVE)
        assert (radius.share_after, radius.people_per_hour) == (0.1, 100)

    def test_people_changes_and_workers_are_those_that_the_guard_has_noted(self, watched: RolloutService) -> None:
        flag, now = Flag.objects.named(USERS), timezone.now()
        people = {"people": {"per_hour": {"candidate": 40.0, "control": 360.0}}}
        judged(USERS, now, sentence="All is well.", document=people)
        changes = [{"at": now.isoformat(), "kind": "share", "value": 0.1}] * 3
        Measurement.objects.create(flag=flag, attempt=flag.attempt, operations=[], changes=changes, share=0.1)
        for pid in range(4):
            worker(pid)

        radius = only(watched.set_percentage("12.5", USERS, force=True, dry_run=True, **TERMS), USERS)

        exposure = Exposure(share=0.1, people_per_hour=400, evidence_share=0.5, change=4, workers=4)
        assert radius.failing_always == toll(exposure, ALWAYS)
        assert radius.opinion == "All is well."

    def test_the_sentence_has_the_numbers(self, watched: RolloutService) -> None:
        radius = only(watched.advance(USERS, dry_run=True, **TERMS))

        often, rarely = radius.failing_always, radius.failing_one_in_five
        assert often is not None
        assert rarely is not None
        assert f"about {often.people} people meet that before it is rolled back" in radius.sentence
        assert f"about {rarely.people} should it fail one call in five" in radius.sentence
        assert "50 % of the last hour's calls can be evidence." in radius.details
        assert "v4 is for 10 % of all callers now and for 10 % afterwards." in radius.details

    def test_rolled_back_nobody_can_meet_it(self, watched: RolloutService) -> None:
        radius = only(watched.rollback(USERS, dry_run=True, **TERMS))

        assert (radius.failing_always, "nobody is on v4 afterwards" in radius.sentence) == (None, True)

    def test_in_testing_only_testers_can(self, watched: RolloutService) -> None:
        watched.rollback(USERS, **TERMS)

        radius = only(watched.start(USERS, dry_run=True, **TERMS))

        assert "only testers can meet a failing v4, 0 of them known" in radius.sentence

    def test_at_complete_nothing_is_rolled_back(self, watched: RolloutService) -> None:
        while Flag.objects.named(USERS).stage != "full":
            watched.advance(USERS, **TERMS)

        radius = only(watched.complete(USERS, force=True, dry_run=True, **TERMS))

        assert "v3 no longer steps in, and nothing is rolled back" in radius.sentence
        assert "about 100 people an hour" in radius.sentence

    @pytest.mark.parametrize(("calls", "told"), [(0, "nobody except a person"), (9000, "the breakers end a v4")])
    def test_where_nobody_is_left_to_compare_with_it_says_who_would_notice(
        self, watched: RolloutService, calls: int, told: str
    ) -> None:
        sampled(USERS, timezone.now(), calls=calls)

        radius = only(watched.set_percentage(100, ROOT, dry_run=True, **TERMS), ROOT)

        assert (radius.share_after, told in radius.sentence) == (1.0, True)

    def test_a_toggle_says_that_it_switches_nothing(self, watched: RolloutService) -> None:
        radius = only(watched.advance(CACHE, dry_run=True, **TERMS), CACHE)

        assert "switches no operation" in radius.sentence

    def test_without_a_guard_nothing_is_rolled_back(self, service: RolloutService) -> None:
        service.start(ALL, **TERMS)
        service.set_percentage(10, ALL, **TERMS)
        sampled(USERS, timezone.now(), calls=1000)

        radius = only(service.set_percentage(5, USERS, dry_run=True, **TERMS))

        assert "no guard watches here" in radius.sentence
        assert "met by about 50 people an hour" in radius.sentence

    def test_a_guard_that_sleeps_does_not_count_as_one(self, watched: RolloutService) -> None:
        guard_ticked(timezone.now() - timedelta(minutes=1))

        radius = only(watched.set_percentage(5, USERS, dry_run=True, **TERMS))

        assert "the guard has not looked for 30 s, start it" in radius.sentence


class TestEvidence:
    """How much of the traffic can be evidence."""

    def test_the_share_is_that_of_the_last_hour_and_of_both_arms(self, db: None) -> None:
        now = timezone.now()
        sampled(USERS, now - timedelta(minutes=59), calls=10, eligible=9, resolution_s=60)
        sampled(USERS, now - timedelta(seconds=1), arm="control", calls=30, eligible=1, resolution_s=1)
        sampled(USERS, now - timedelta(minutes=61), calls=1000, eligible=1000)
        sampled(USERS, now - timedelta(seconds=1), arm="contract", calls=1000, resolution_s=1)

        assert traffic.evidence_share(USERS, now) == 0.25

    def test_of_a_prerequisite_it_is_that_of_all_that_stand_on_it(self, db: None) -> None:
        now = timezone.now()
        sampled(USERS, now, calls=10, eligible=10)
        sampled(REVIEWS, now, calls=30, eligible=10)

        assert traffic.evidence_share(ROOT, now) == 0.5

    def test_without_calls_or_switches_there_is_none(self, db: None) -> None:
        now = timezone.now()
        sampled(USERS, now - timedelta(hours=2), calls=10, eligible=10)

        assert (traffic.evidence_share(USERS, now), traffic.evidence_share(CACHE, now)) == (None, None)

    @pytest.mark.parametrize(("eligible", "is_by_hand"), [(19, True), (20, False)])
    def test_under_a_fifth_the_sentence_says_so_and_that_steps_are_by_hand(
        self, service: RolloutService, eligible: int, is_by_hand: bool
    ) -> None:
        service.start(ALL, **TERMS)
        sampled(USERS, timezone.now(), calls=100, eligible=eligible)

        radius = only(service.advance(USERS, dry_run=True, **TERMS))

        assert (radius.is_by_hand, "every step is by hand" in radius.sentence) == (is_by_hand, is_by_hand)
        assert documents.radius(radius)["by_hand_only"] is is_by_hand


def test_a_move_that_is_made_has_no_radius(crowd: RolloutService) -> None:
    assert crowd.advance(USERS, **TERMS).outcomes[0].radius is None


def test_no_address_and_no_name_is_in_the_document(crowd: RolloutService) -> None:
    told = documents.report(crowd.advance(ALL, dry_run=True, **TERMS))

    assert ("@" in str(told), "u:" in str(told)) == (False, True)


def test_neither_people_nor_features_cost_queries(service: RolloutService) -> None:
    service.start(ALL, **TERMS)
    service.set_percentage(10, ALL, **TERMS)
    User.objects.create(email="one@example.org")
    with CaptureQueriesContext(connection) as few:
        service.pause(USERS, dry_run=True, **TERMS)
    User.objects.bulk_create(User(email=f"{n}@example.org") for n in range(200))
    with CaptureQueriesContext(connection) as many:
        service.pause(ALL, dry_run=True, **TERMS)

    assert len(few) == len(many) <= 21
