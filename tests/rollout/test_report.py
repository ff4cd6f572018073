"""The report is computed from what is stored, costs the same however much that is, and reads in four formats."""

import io
import json
import re
from datetime import datetime, timedelta
from html.parser import HTMLParser
from typing import Any

import pytest
from rich.console import Console

from rollout.management.printing import printed
from rollout.models import Flag, Judgement, StageChange
from rollout.moves import Selection
from rollout.outlook import retired
from rollout.reporting import markdown, report_page, webpage
from rollout.reporting.pages import Line, Page, Section, shown, table
from rollout.repositories import UnknownFeature
from rollout.services import RolloutService
from rollout.stages import Stage
from tests.rollout.control import START, TERMS, Clock, worker
from tests.rollout.measured import DETAIL, alarmed, guarded, judged, looked, sample

pytestmark = pytest.mark.django_db

ROOT, PLACES, REVIEWS = "api_v4_enabled", "api_v4_restaurants", "api_v4_reviews"
NASTY = "<script>alert(1)</script> | **bold** [link](http://evil) `code`\x1b[31m"


class At:
    """A service whose clock the test turns."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.service = RolloutService(self.clock)

    def begin(self, percentage: int = 10) -> None:
        self.service.start(Selection(everything=True), **TERMS)
        self.service.set_percentage(percentage, Selection(everything=True), **TERMS)

    def report(self, *names: str, since: timedelta = timedelta(hours=24)) -> dict[str, Any]:
        return self.service.report(names, since)

    @property
    def now(self) -> datetime:
        return self.clock.now


@pytest.fixture
def at() -> At:
    return At()


def codes(report: dict[str, Any]) -> dict[str, list[str | None]]:
    found: dict[str, list[str | None]] = {}
    for one in report["recommendations"]:
        found.setdefault(one["code"], []).append(one["feature"])
    return found


class TestWhatItSays:
    """Every part is what the tables hold."""

    def test_on_an_installation_without_data_it_is_whole_and_asks_for_nothing(self, at: At) -> None:
        report = at.report()

        assert report["recommendations"] == report["operations"] == report["alerts"] == report["history"] == []
        assert report["trends"] == {"hour": [], "day": []}
        assert report["platform"]["guard"] is None
        assert {one["verdict"] for one in report["features"].values()} == {None}

    def test_where_a_guard_never_ran_it_says_so(self, at: At) -> None:
        at.begin()
        worker(1)

        assert codes(at.report())["guard_is_away"] == [None]

    def test_a_feature_with_the_guard_s_opinion_since_when_and_its_proofs(self, at: At) -> None:
        at.begin()
        at.clock.turn(hours=26)
        looked(50, verdict="hold", until=at.now - timedelta(minutes=30))
        looked(30, verdict="ready", until=at.now)
        proof = {"metric": "slow", "ratio": 2.0, "mixture": 23.0, "is_proven": True, "is_asked": True}
        judged(at=at.now, verdict="ready", reason="proven", document={"proofs": [proof], "evidence_share": 0.12})
        guarded(at.now - timedelta(seconds=1))

        report = at.report(PLACES)

        verdict = report["features"][PLACES]["verdict"]
        assert (verdict["verdict"], verdict["evidence"], verdict["stood_for_s"]) == ("ready", 3.25, 29 * 60)
        assert (verdict["proofs"], verdict["enough"]) == ([proof], 100)
        assert report["features"][PLACES]["here_for_s"] == 26 * 3600
        assert codes(report)["ready"] == codes(report)["little_evidence"] == [PLACES]
        assert report["platform"]["guard"]["age_s"] == 1.0

    def test_a_judgement_of_an_older_attempt_is_no_opinion_on_this_one(self, at: At) -> None:
        at.begin()
        judged(attempt=0)

        assert at.report()["features"][PLACES]["verdict"] is None

    def test_calls_by_operation_hour_and_day(self, at: At) -> None:
        at.begin()
        at.clock.turn(hours=26)
        sample(at.now - timedelta(days=3), resolution_s=3600)
        sample(at.now - timedelta(hours=2), calls=100, failures=5, recovered=5, resolution_s=60)
        sample(at.now - timedelta(hours=2), "control", calls=900, resolution_s=60)
        sample(at.now - timedelta(seconds=2), operation=DETAIL)

        report = at.report()

        assert [one["operation"] for one in report["operations"]] == [DETAIL, "restaurants.search"]
        arms = report["operations"][1]["arms"]
        assert (arms["candidate"]["error_percent"], arms["candidate"]["by_v3_percent"]) == (5.0, 5.0)
        assert [point["arms"]["candidate"]["calls"] for point in report["trends"]["hour"]] == [100, 10]
        assert [point["arms"]["candidate"]["calls"] for point in report["trends"]["day"]] == [10, 110]
        assert codes(report)["failing_operation"] == [PLACES]

    def test_one_arm_only_is_said(self, at: At) -> None:
        at.begin()
        sample(at.now - timedelta(seconds=2), "control", calls=5000)

        assert codes(at.report())["one_sided"] == [PLACES]

    def test_of_a_named_feature_only_its_own_is_shown_and_of_a_prerequisite_what_stands_on_it(self, at: At) -> None:
        at.begin()
        sample(at.now - timedelta(seconds=2))
        sample(at.now - timedelta(seconds=2), feature=REVIEWS, operation="reviews.list")
        alarmed()
        alarmed("parity", feature=REVIEWS)

        places, root = at.report(PLACES), at.report(ROOT)

        assert list(places["features"]) == [PLACES]
        assert {one["feature"] for one in places["operations"]} == {PLACES}
        assert {line["feature"] for line in places["history"]} == {PLACES}
        assert [alert["name"] for alert in places["alerts"]] == ["high_error_rate"]
        assert {one["feature"] for one in root["operations"]} == {PLACES, REVIEWS}

    def test_silence_is_noticed_on_measured_features_only(self, at: At) -> None:
        at.begin()
        at.clock.turn(hours=26)
        sample(at.now - timedelta(hours=3), resolution_s=60)
        sample(at.now - timedelta(minutes=1), "contract", operation="GET /api/v4/restaurants")

        report = at.report()

        assert set(codes(report)["no_traffic"]) == {ROOT, PLACES, REVIEWS, "api_v4_users", "api_v4_statistics"}
        said = [one["sentence"] for one in report["recommendations"] if one["feature"] == PLACES]
        assert "No traffic for 3 h" in said[0]

    def test_rollbacks_have_their_flight_records(self, at: At) -> None:
        at.begin()
        at.service.rollback(PLACES, **TERMS)
        at.clock.turn(hours=3)

        report = at.report()

        (rollback,) = report["rollbacks"]
        line = StageChange.objects.get(move="rollback")
        assert (rollback["from"]["percentage"], rollback["ledger"]) == (10, line.pk)
        (told,) = [one for one in report["recommendations"] if one["code"] == "rolled_back"]
        assert told["command"] == f"manage.py rollout flight {rollback['flight']}"
        assert "3 h ago by cli:dana (a test)" in told["sentence"]

    def test_open_alerts_come_first_and_old_ones_are_over(self, at: At) -> None:
        at.begin()
        alarmed("database", feature="", at=START - timedelta(days=2), resolved_at=START - timedelta(days=1))
        alarmed("cache", feature="", at=START - timedelta(days=9), resolved_at=START - timedelta(days=8))
        alarmed(at=START - timedelta(days=20))

        report = at.report()

        assert [alert["name"] for alert in report["alerts"]] == ["high_error_rate", "database"]
        assert codes(report)["unseen_alert"] == [PLACES]

    def test_breakers_forces_and_unconfirmed_workers(self, at: At) -> None:
        at.begin()
        serving = worker(1, seen_s_ago=20)
        at.clock.now = serving.seen_at
        type(serving).objects.update(breakers=["restaurants.search"], forces={"ROLLOUT_FORCE_ALL": "off"})

        found = codes(at.report())

        assert {"open_breakers", "forced_worker", "unconfirmed_workers"} <= found.keys()

    def test_evidence_beyond_all_numbers_is_a_word(self, at: At) -> None:
        at.begin()
        judged(evidence=1.0)
        Judgement.objects.update(evidence=float("inf"))

        report = at.report()

        assert report["features"][PLACES]["verdict"]["evidence"] == "inf"
        assert "inf" in markdown.written(report_page.page(report))

    def test_an_unknown_feature_is_refused(self, at: At) -> None:
        with pytest.raises(UnknownFeature, match="nix"):
            at.report("nix")

    @pytest.mark.parametrize("features", [1, 8])
    @pytest.mark.parametrize("rows", [1, 40])
    def test_it_costs_the_same_queries_however_much_there_is(
        self, at: At, features: int, rows: int, django_assert_num_queries: Any
    ) -> None:
        at.begin()
        first = Flag.objects.named(ROOT)
        Flag.objects.filter(pk__gt=first.pk + features - 1).delete()
        for number in range(rows):
            sample(START - timedelta(minutes=number), resolution_s=60)
        looked(rows)
        for name in Flag.objects.values_list("name", flat=True)[: min(rows, features)]:
            judged(name)

        with django_assert_num_queries(15):
            at.report()


def test_only_files_all_of_whose_features_are_complete_are_retired() -> None:
    done = dict.fromkeys([PLACES, REVIEWS, "api_v4_statistics", "api_v4_users"], Stage.COMPLETE)

    assert {"restaurants/legacy.py", "reviews/legacy.py", "users/legacy.py"} <= set(retired(done))
    assert "restaurants/legacy.py" not in retired({**done, "api_v4_statistics": Stage.FULL})
    assert retired(dict.fromkeys(done, Stage.FULL)) == ()


class Loaded(HTMLParser):
    """What a browser would run or fetch, and how the document nests."""

    def __init__(self, document: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.feed(document)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attributes}


class TestFormats:
    """One page, four ways to write it; what people typed is never markup."""

    PAGE = Page(
        f"Title {NASTY}",
        NASTY,
        (
            Section("Table", tables=(table([(NASTY, 1234567, None, 0.51234)], "Why", ">Calls", "None", ">E"),)),
            Section("Lines", lines=(Line(NASTY, "manage.py rollout report"),), facts=((NASTY, NASTY),)),
            Section("Nothing", tables=(table([], "a"),), empty="Nothing was there."),
        ),
    )

    def test_html_runs_nothing_and_fetches_nothing(self) -> None:
        written = webpage.written(self.PAGE)

        found = Loaded(written)
        assert found.tags.isdisjoint({"script", "link", "img", "iframe", "object", "a", "form"})
        assert not {name for name in found.attributes if name.startswith("on") or name in {"src", "href", "style"}}
        assert "url(" not in written
        assert "default-src 'none'" in written
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in written
        assert "\x1b" not in written

    def test_markdown_keeps_its_tables_whatever_is_typed(self) -> None:
        written = markdown.written(self.PAGE)

        row = next(line for line in written.splitlines() if "1,234,567" in line)
        assert len(re.findall(r"(?<!\\)\|", row)) == 5
        assert "&lt;script&gt;" in row
        assert r"\*\*bold\*\* \[link\](http://evil) \`code\`" in row
        assert "`manage.py rollout report`" in written
        assert "Nothing was there." in written
        assert "\x1b" not in written

    @pytest.mark.parametrize("typed", ["# x", "- x", "+ x", "1. x", "> x", "a\n# b", "_x_", "a < b"])
    def test_markdown_has_no_markup_from_text(self, typed: str) -> None:
        written = markdown.text(typed)

        assert "\n" not in written
        assert written != typed

    def test_names_and_dates_stay_readable_in_markdown(self) -> None:
        assert markdown.text("api_v4_users at 2026-03-01 (10 %)") == "api_v4_users at 2026-03-01 (10 %)"

    def test_a_terminal_of_80_columns_shows_whole_names(self, at: At) -> None:
        at.begin()
        judged(sentence=NASTY)

        lines = on_terminal(report_page.page(at.report()))

        assert max(map(len, lines)) <= 80
        assert any(line.startswith("api_v4_error_handling  PARTIAL 10 %") for line in lines)
        assert not any("\x1b" in line for line in lines)

    def test_values_are_shown_as_people_read_them(self) -> None:
        told = [None, "", True, 1234, 1234.5, 0.51234, ["a", 1], [], {"a": 1.5}, "x"]

        assert [shown(value) for value in told] == [
            "–",
            "–",
            "yes",
            "1,234",
            "1,234",
            "0.512",
            "a, 1",
            "–",
            "a 1.5",
            "x",
        ]

    def test_empty_states_are_said_in_words(self, at: At) -> None:
        text = markdown.written(report_page.page(at.report()))

        for sentence in (
            "Nothing: nothing that was measured asks for it.",
            "The guard has judged none of these attempts.",
            "No call was counted in this time.",
            "No call was counted in the last 30 days.",
            "None is open, and none was.",
            "Nothing was rolled back.",
            "Nothing was ever moved.",
            "Guard: never ran",
        ):
            assert sentence in text

    def test_the_whole_report_can_be_written_as_json(self, at: At) -> None:
        at.begin()
        sample(START - timedelta(seconds=2))
        judged()

        assert json.loads(json.dumps(at.report(), allow_nan=False)) == at.report()


def on_terminal(page: Page) -> list[str]:
    paper = io.StringIO()
    console = Console(width=80, markup=False, highlight=False, file=paper)
    for part in printed(page):
        console.print(part)
    return paper.getvalue().splitlines()
