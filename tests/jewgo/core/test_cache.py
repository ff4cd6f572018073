"""Namespaces: one computation, no stale value, nothing lost with the cache."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import transaction

from jewgo.core.cache import Namespace, cached
from tests.jewgo.core.test_resilient import cache_at, wait_until
from tests.jewgo.core.valkey import Valkey


class Source:
    """A value that can be computed, slowly if need be, and counts how often it was."""

    def __init__(self, value: Any = "v1", delay_s: float = 0) -> None:
        self.value = value
        self.delay_s = delay_s
        self.calls = 0

    def __call__(self) -> Any:
        self.calls += 1
        time.sleep(self.delay_s)
        return self.value


@pytest.fixture
def namespace(valkey: Valkey) -> Namespace:
    return Namespace("places", 60, cache_at(valkey))


@pytest.mark.django_db
def test_a_value_is_computed_once_and_then_read(namespace: Namespace) -> None:
    source = Source({"n": 1})

    assert [namespace.get_or_compute("k", source) for _ in range(3)] == [{"n": 1}] * 3
    assert source.calls == 1


@pytest.mark.django_db
def test_none_is_a_value_too(namespace: Namespace) -> None:
    source = Source(None)

    assert [namespace.get_or_compute("k", source) for _ in range(2)] == [None, None]
    assert source.calls == 1


@pytest.mark.django_db
def test_a_hit_and_a_miss_give_the_same_data(namespace: Namespace) -> None:
    miss = namespace.get_or_compute("k", Source(("a", 1)))
    hit = namespace.get_or_compute("k", Source("never computed"))

    assert miss == hit == ["a", 1]


@pytest.mark.django_db
def test_invalidating_makes_every_value_of_the_namespace_invalid_and_no_other(valkey: Valkey) -> None:
    cache = cache_at(valkey)
    places, reviews = Namespace("places", 60, cache), Namespace("reviews", 60, cache)
    for namespace in (places, reviews):
        for key in ("a", "b"):
            namespace.get_or_compute(key, Source("old"))

    places.renew()

    assert [places.get_or_compute(key, Source("new")) for key in ("a", "b")] == ["new", "new"]
    assert [reviews.get_or_compute(key, Source("new")) for key in ("a", "b")] == ["old", "old"]


@pytest.mark.django_db(transaction=True)
def test_invalidation_waits_for_the_commit_and_is_dropped_with_a_rollback(namespace: Namespace) -> None:
    namespace.get_or_compute("k", Source("old"))

    with transaction.atomic():
        namespace.invalidate()
        transaction.set_rollback(True)
    after_rollback = namespace.get_or_compute("k", Source("new"))
    with transaction.atomic():
        namespace.invalidate()
        before_commit = namespace._read(namespace._entry_key("k"))[1]
    after_commit = namespace.get_or_compute("k", Source("new"))

    assert (after_rollback, before_commit, after_commit) == ("old", "old", "new")


@pytest.mark.django_db(transaction=True)
def test_a_transaction_neither_reads_nor_stores(namespace: Namespace) -> None:
    namespace.get_or_compute("k", Source("committed"))

    with transaction.atomic():
        inside = namespace.get_or_compute("k", Source("uncommitted"))

    assert inside == "uncommitted"
    assert namespace.get_or_compute("k", Source()) == "committed"


@pytest.mark.django_db
def test_a_reader_overtaken_by_a_writer_stores_nothing_that_counts(namespace: Namespace) -> None:
    def read_slowly() -> str:
        namespace.renew()
        return "read before the change"

    namespace.get_or_compute("k", read_slowly)

    assert namespace.get_or_compute("k", Source("after")) == "after"


@pytest.mark.django_db(transaction=True)
def test_a_stampede_computes_once(namespace: Namespace) -> None:
    source = Source(delay_s=0.3)
    start = threading.Barrier(20)

    def ask() -> Any:
        start.wait()
        return namespace.get_or_compute("k", source)

    with ThreadPoolExecutor(20) as pool:
        answers = [answer.result() for answer in [pool.submit(ask) for _ in range(20)]]

    assert answers == ["v1"] * 20
    assert source.calls == 1


@pytest.mark.django_db(transaction=True)
def test_who_asks_after_an_invalidation_does_not_get_the_answer_that_was_under_way(namespace: Namespace) -> None:
    under_way = threading.Event()

    def old() -> str:
        under_way.set()
        time.sleep(0.3)
        return "old"

    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(namespace.get_or_compute, "k", old)
        under_way.wait()
        namespace.renew()
        second = namespace.get_or_compute("k", Source("new"))

    assert (first.result(), second) == ("old", "new")
    assert namespace.get_or_compute("k", Source("later")) != "old"


@pytest.mark.django_db(transaction=True)
def test_a_failing_computation_fails_its_caller_only(namespace: Namespace) -> None:
    under_way = threading.Event()

    def fail() -> str:
        under_way.set()
        time.sleep(0.1)
        raise LookupError

    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(namespace.get_or_compute, "k", fail)
        under_way.wait()
        second = namespace.get_or_compute("k", Source("fine"))

    assert isinstance(first.exception(), LookupError)
    assert second == "fine"


@pytest.mark.django_db
def test_an_emptied_cache_loses_nothing(namespace: Namespace) -> None:
    namespace.get_or_compute("k", Source("v"))
    namespace.cache.clear()
    source = Source("v")

    assert [namespace.get_or_compute("k", source) for _ in range(2)] == ["v", "v"]
    assert source.calls == 1


@pytest.mark.django_db
def test_without_redis_values_are_computed_and_kept_in_memory(namespace: Namespace, valkey: Valkey) -> None:
    valkey.kill()
    source = Source("v")

    assert [namespace.get_or_compute("k", source) for _ in range(5)] == ["v"] * 5
    assert source.calls == 1


@pytest.mark.django_db
def test_what_was_invalidated_while_redis_was_frozen_does_not_come_back(namespace: Namespace, valkey: Valkey) -> None:
    namespace.get_or_compute("k", Source("old"))
    valkey.freeze()
    namespace.cache.get("x")  # opens the breaker: a command sent to a frozen server would be obeyed once it thaws
    namespace.renew()  # reaches memory only: Redis still holds "old" under its generation
    during = namespace.get_or_compute("k", Source("during"))

    valkey.thaw()
    wait_until(lambda: (namespace.cache.get("x"), not namespace.cache.is_away)[1])  # type: ignore[attr-defined]

    assert during == "during"
    assert namespace.get_or_compute("k", Source("new")) == "new"


@pytest.mark.django_db
def test_an_entry_of_another_program_is_a_miss(namespace: Namespace) -> None:
    namespace.cache.set(namespace._entry_key("k"), 42)

    assert namespace.get_or_compute("k", Source("v")) == "v"


@pytest.mark.django_db
@pytest.mark.parametrize(("is_on", "calls"), [(True, 1), (False, 2)])
def test_a_cached_function_reads_through_while_its_condition_holds(
    namespace: Namespace, is_on: bool, calls: int
) -> None:
    asked: list[str] = []

    @cached(namespace, key=lambda name, size=1: f"{name}/{size}", when=lambda: is_on)
    def shout(name: str, size: int = 1) -> str:
        asked.append(name)
        return name.upper() * size

    answers = [shout("a", size=2), shout("a", size=2)]

    assert answers == ["AA", "AA"]
    assert len(asked) == calls


@pytest.mark.django_db
def test_a_value_is_kept_no_longer_than_it_is_right(namespace: Namespace) -> None:
    source = Source("open")

    namespace.get_or_compute("k", source, lasts_s=lambda _: 1.2)
    wait_until(lambda: namespace.get_or_compute("k", source, lasts_s=lambda _: 60) and source.calls == 2)

    assert source.calls == 2


@pytest.mark.django_db
def test_what_is_right_for_less_than_a_second_is_not_kept(namespace: Namespace) -> None:
    source = Source("open")

    for _ in range(2):
        namespace.get_or_compute("k", source, lasts_s=lambda _: 0.9)

    assert source.calls == 2


@pytest.mark.django_db
def test_what_is_made_of_a_text_is_made_once_a_process_while_the_text_stands(valkey: Valkey) -> None:
    namespace, elsewhere = (Namespace("places", 60, cache_at(valkey)) for _ in range(2))
    source = Source("[1]")
    first = [space.read_as("k", source, lambda text: (text, object())) for space in (namespace, elsewhere)]

    again = namespace.read_as("k", source, lambda text: (text, object()))
    source.value = "[2]"
    elsewhere.renew()
    after = namespace.read_as("k", source, lambda text: (text, object()))

    assert again is first[0] is not first[1]
    assert (first[0][0], first[1][0], after[0], source.calls) == ("[1]", "[1]", "[2]", 2)


@pytest.mark.django_db
def test_within_a_transaction_nothing_made_is_kept(namespace: Namespace) -> None:
    source = Source("a")
    namespace.read_as("k", source, str)
    source.value = "b"

    with transaction.atomic(durable=True):
        inside = namespace.read_as("k", source, str)

    assert (inside, namespace.read_as("k", source, str)) == ("b", "a")
