"""What a process keeps of what it made: for one generation, for a time, within a budget."""

from jewgo.core.kept import Kept


class Clock:
    """A clock that stands still until it is moved."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_value_is_good_for_its_own_generation_only() -> None:
    kept = Kept(60)

    kept.put("k", "g1", "value", 1)

    assert (kept.generation("k"), kept.get("k", "g1"), kept.get("k", "g2")) == ("g1", "value", None)


def test_a_value_is_over_after_its_time() -> None:
    clock = Clock()
    kept = Kept(60, clock=clock)
    kept.put("k", "g", "value", 1)

    clock.now = 60

    assert kept.generation("k") is None


def test_the_one_not_asked_for_longest_makes_room() -> None:
    kept = Kept(60, budget=3)
    for key in "abc":
        kept.put(key, "g", key, 1)
    kept.get("a", "g")

    kept.put("d", "g", "d", 1)

    assert [key for key in "abcd" if kept.generation(key)] == ["a", "c", "d"]


def test_what_is_heavier_than_the_budget_is_not_kept_and_takes_its_predecessor_along() -> None:
    kept = Kept(60, budget=3)
    kept.put("k", "g", "light", 1)
    kept.put("other", "g", "other", 2)

    kept.put("k", "g", "heavy", 4)

    assert (kept.generation("k"), kept.generation("other")) == (None, "g")
