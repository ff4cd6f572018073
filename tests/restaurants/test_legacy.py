"""The v3 engine against the v4 engine: whatever is asked, both return the same value."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from restaurants import legacy, services
from restaurants.intake.guide import SAMPLE, import_guide
from restaurants.models import Change, Restaurant
from restaurants.repositories import UnknownRestaurant
from restaurants.values import Draft, LevelFact, ListCriteria, SearchCriteria
from tests.restaurants.guide import build_guide

CITIES = [
    "Surfside",
    "surfside ",
    "Tel Aviv-Yafo",
    "TEL AVIV YAFO",
    "Montréal",
    "Montreal",
    "New York",
    "Nowhere",
    "%",
    "_",
]
STATES = ["FL", "fl", " NY ", "ON", "QC", "XX", "%"]
CATEGORIES = ["meat", "dairy", "pareve", "fish", "unknown", "treif"]
TYPES = ["restaurant", "bakery", "cafe", "snack bar", "hummus bar", "Bakery", "none such"]
WORDS = [
    "pizza", "piza", "grill", "soho", "bagel", "beigel", "cafe", "café", "פלאפל", "פָּלָאפֶל", "מסעדה", "surfside", "aviv",
    "sushi", "shwarma", "kosher miami", "ORB", "&", "'", "%", "x", "הרצל", "5650",
]  # fmt: skip

criteria = st.builds(
    ListCriteria,
    kosher_category=st.none() | st.sampled_from(CATEGORIES),
    record_state=st.sampled_from([None, None, "active", "pending", "rejected"]),
    state=st.none() | st.sampled_from(STATES),
    city=st.none()
    | st.sampled_from(CITIES)
    | st.text(alphabet=st.characters(exclude_characters="\0", codec="utf-8"), min_size=1, max_size=5),
    business_types=st.lists(st.sampled_from(TYPES), max_size=3).map(tuple),
    limit=st.integers(0, 20),
    offset=st.integers(0, 700) | st.just(2**31 - 1),
)
searches = st.builds(
    SearchCriteria,
    text=st.lists(st.sampled_from(WORDS), min_size=1, max_size=3).map(" ".join)
    | st.text(alphabet=st.characters(exclude_characters="\0", codec="utf-8"), max_size=12),
    limit=st.integers(0, 100),
    offset=st.integers(0, 20),
)
whatever_is_asked = settings(
    max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture(scope="module")
def sample(django_db_setup: None, django_db_blocker: pytest.FixtureRequest) -> Iterator[None]:
    """Store the sample guide once, with some of its places in other states, inside a transaction that is undone."""
    from django.db import transaction

    with django_db_blocker.unblock(), transaction.atomic():  # type: ignore[attr-defined]
        import_guide(SAMPLE)
        Restaurant.objects.filter(pk__endswith="7").update(state_of_record="pending")
        yield
        transaction.set_rollback(True)


@pytest.mark.usefixtures("sample")
class TestBothEnginesAgree:
    @whatever_is_asked
    @given(asked=criteria)
    def test_on_a_list(self, asked: ListCriteria) -> None:
        assert legacy.list_places(asked) == services.list_places(asked)

    @whatever_is_asked
    @given(asked=searches)
    def test_on_a_search(self, asked: SearchCriteria) -> None:
        assert legacy.search(asked) == services.search(asked)

    def test_on_every_single_place(self) -> None:
        whole = ListCriteria(limit=1000)

        places = legacy.list_places(whole).places

        assert places == services.list_places(whole).places
        for place in places[::25]:
            assert legacy.detail(place.id) == services.detail(place.id) == place

    @pytest.mark.parametrize("pk", [0, -1, 1007, 999_999, 2**63, 10**30])
    def test_on_what_is_not_published(self, pk: int) -> None:
        for engine in (legacy, services):
            with pytest.raises(UnknownRestaurant) as refusal:
                engine.detail(pk)
            assert refusal.value.meta == {"resource_type": "Restaurant"}

    def test_on_the_summaries(self) -> None:
        assert legacy.kosher_types() == services.kosher_types()
        assert legacy.business_types() == services.business_types()
        assert legacy.statistics() == services.statistics()

    @pytest.mark.parametrize("city", ["%", "---", "\u05b8"])
    def test_that_a_city_without_a_letter_is_nowhere(self, city: str) -> None:
        assert legacy.list_places(ListCriteria(city=city)).total == 0
        assert services.list_places(ListCriteria(city=city)).total == 0

    def test_the_sample_is_worth_asking(self) -> None:
        assert services.list_places(ListCriteria()).total > 500
        assert services.search(SearchCriteria("פלאפל")).total > 3
        assert services.search(SearchCriteria("pizza")).total > 5


@pytest.fixture
def guide(db: None) -> None:
    """Store the small guide."""
    build_guide()


DRAFTS = {
    "bare": Draft(name="Pita Place", address="1 Ocean Dr", city="Miami", state="FL", source="v3 API, k:1"),
    "whole": Draft(
        name="פיתה & Co",
        address="1 Ocean Dr",
        city="Miami",
        zip_code="33139",
        website="https://pita.example/",
        kosher_categories=("dairy", "meat"),
        latitude=25.5,
        longitude=-80.5,
        timezone="America/New_York",
        hours_raw="Sunday: Closed",
        source="v3 API, k:1",
        agency="orb",
        levels=(LevelFact("pas_yisroel", "all", source="v3 API, k:1"), LevelFact("glatt", "none", source="a list")),
        images=("https://img.example/1.jpg", "https://img.example/2.jpg"),
    ),
}


@pytest.mark.usefixtures("guide")
@pytest.mark.parametrize("name", DRAFTS)
def test_both_engines_store_the_same_place(name: str) -> None:
    old, new = legacy.create(DRAFTS[name], "k:1"), services.accept(DRAFTS[name], "k:1")

    stored = [Restaurant.objects.get(pk=place.id) for place in (old, new)]
    assert len({(row.search_text, row.sort_name, row.city_key, row.version) for row in stored}) == 1
    certificates = [[replace(fact, id=0) for fact in place.certificates] for place in (old, new)]
    assert certificates[0] == certificates[1]
    same = replace(old, id=new.id, created_at=new.created_at, updated_at=new.updated_at)
    assert replace(same, certificates=new.certificates) == new


@pytest.mark.usefixtures("guide")
@pytest.mark.parametrize("name", DRAFTS)
def test_a_created_place_has_one_entry_of_history(name: str) -> None:
    place = legacy.create(DRAFTS[name], "k:1")

    change = Change.objects.get(restaurant=place.id)
    assert (change.actor, change.action, change.fields["name"]) == ("k:1", "create", [None, DRAFTS[name].name])


@pytest.mark.usefixtures("guide")
def test_a_list_is_two_statements() -> None:
    with CaptureQueriesContext(connection) as queries:
        legacy.list_places(ListCriteria())

    assert len(queries) == 2
