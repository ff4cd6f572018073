"""What somebody should do next, in words: each rule speaks only where what was seen gives a reason. Pure.

A rule is a small function in `PLATFORM_RULES` or `FEATURE_RULES`; the most urgent stand first in each.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta

from rollout.moves import command
from rollout.seen import FeatureSeen, OperationSeen, PlatformSeen
from rollout.sentences import roughly
from rollout.stages import FIRST_HOLDOUT, Stage, plain

GUARD_IS_LATE = timedelta(seconds=30)
QUIET_FOR = timedelta(hours=2)
LONG_IN_TESTING = timedelta(hours=24)
LITTLE_EVIDENCE = 0.5
FEWEST_CALLS = 100
FEWEST_FAILURES, LEAST_ERROR_PERCENT = 5, 1.0
FEWEST_EXPECTED = 20
SLOWER, SLOWER_MS = 1.5, 10.0
WORSE = 2.0


@dataclass(frozen=True, slots=True)
class Recommendation:
    """One thing to do: why, and where a command does it, that command. `feature` is None for the whole service."""

    code: str
    sentence: str
    feature: str | None = None
    command: str = ""


Found = Iterator[Recommendation]


def guard_is_away(seen: PlatformSeen) -> Found:
    """Without a guard nothing is judged, and nothing goes back by itself."""
    if not seen.is_migrating:
        return
    if seen.guard_age is None:
        said = "The guard has never run: nothing is judged, and nothing is rolled back by itself."
    elif seen.guard_age > GUARD_IS_LATE:
        said = f"The guard does not run: it last looked {roughly(seen.guard_age)} ago. Nothing goes back by itself."
    else:
        return
    yield Recommendation("guard_is_away", said, command="manage.py rollout_guard")


def nobody_serves(seen: PlatformSeen) -> Found:
    """A rollout without workers moves nobody."""
    if seen.is_migrating and not seen.workers:
        yield Recommendation("nobody_serves", "No worker has reported within the last minute: start the service.")


def unconfirmed_workers(seen: PlatformSeen) -> Found:
    """A worker whose lease has run out may serve by anything."""
    if seen.unconfirmed:
        names, them = ", ".join(seen.unconfirmed), "it" if len(seen.unconfirmed) == 1 else "them"
        said = f"{len(seen.unconfirmed)} of {seen.workers} workers not heard from: {names}. Restart {them}."
        yield Recommendation("unconfirmed_workers", said, command="manage.py rollout propagation")


def open_breakers(seen: PlatformSeen) -> Found:
    """An open breaker means that v4 failed several people in a row."""
    for operation, count in sorted(seen.breakers.items()):
        said = f"The breaker of {operation} is open on {count} of {seen.workers} workers: v3 answers in v4's place."
        yield Recommendation("open_breakers", f"{said} Look in the log for why v4 fails.")


def unseen_alerts(seen: PlatformSeen) -> Found:
    """An alert that nobody has acknowledged may be one that nobody has read."""
    for alert in seen.alerts:
        about = f" of {alert.feature}" if alert.feature else ""
        said = f"The alert {alert.name}{about} has been open for {roughly(alert.open_for)}, acknowledged by nobody."
        yield Recommendation("unseen_alert", f"{said} Read it, then acknowledge it.", alert.feature or None)


def forced_workers(seen: PlatformSeen) -> Found:
    """A worker that its environment forces does not follow the stages."""
    for worker, forces in sorted(seen.forces.items()):
        told = ", ".join(f"{name}={value}" for name, value in sorted(forces.items()))
        said = (
            f"The environment of {worker} sets {told}, whatever the stages say. Restart it without, once that is over."
        )
        yield Recommendation("forced_worker", said)


def retired_engine(seen: PlatformSeen) -> Found:
    """Code that is never called again is only read by mistake."""
    for path in seen.retired:
        said = f"COMPLETE: nothing calls {path} any more. Delete it, and forget the finished features in the settings."
        yield Recommendation("retired_engine", said)


def ready(seen: FeatureSeen) -> Found:
    """What is proven and goes by hand waits for a hand."""
    if seen.verdict == "ready":
        said = f"{seen.name} has been READY for {roughly(seen.verdict_for)} at {seen.position}."
        yield Recommendation("ready", said, seen.name, command("advance", seen.name))


def rolled_back(seen: FeatureSeen) -> Found:
    """After a rollback somebody has to read why before the next attempt."""
    if seen.position.stage is Stage.DISABLED and seen.flight:
        flight = seen.flight
        said = f"{seen.name} was rolled back {roughly(flight.ago)} ago by {flight.actor} ({flight.reason})."
        said += " Read what was known then before the next attempt."
        yield Recommendation("rolled_back", said, seen.name, f"manage.py rollout flight {flight.number}")


def failing_operation(seen: FeatureSeen) -> Found:
    """An operation that fails more often on v4 than on v3 is worth mending before the guard has to act."""
    for one in seen.operations:
        v4, v3 = one.candidate, one.control
        is_enough = v4.calls >= FEWEST_CALLS and v4.failures >= FEWEST_FAILURES
        if is_enough and v4.error_percent >= max(WORSE * v3.error_percent, LEAST_ERROR_PERCENT):
            said = (
                f"v4 fails {v4.error_percent:.1f} % of {one.name}, v3 {v3.error_percent:.1f} % ({_calls(one, seen)})."
            )
            yield Recommendation("failing_operation", f"{said} The log has the fingerprints.", seen.name)


def slow_operation(seen: FeatureSeen) -> Found:
    """An operation that is much slower on v4 than on v3 will be noticed at FULL at the latest."""
    for one in seen.operations:
        v4, v3 = one.candidate, one.control
        is_enough = min(v4.calls, v3.calls) >= FEWEST_CALLS and v4.p95_ms - v3.p95_ms >= SLOWER_MS
        if is_enough and v4.p95_ms >= SLOWER * v3.p95_ms > 0:
            said = f"v4's p95 of {one.name} is {v4.p95_ms / v3.p95_ms:.1f} × v3's: {v4.p95_ms:.0f} ms against "
            said += f"{v3.p95_ms:.0f} ms ({_calls(one, seen)}). Mend it before more people wait."
            yield Recommendation("slow_operation", said, seen.name)


def no_traffic(seen: FeatureSeen) -> Found:
    """Without calls nothing can be proven, and a silence may be a fault in front of us."""
    if not (seen.is_under_way and seen.is_measured and seen.here_for >= QUIET_FOR):
        return
    if seen.last_call_ago is None:
        said = f"No call of {seen.name} was ever counted: see that workers serve v3's API with ROLLOUT_PULSE=on."
    elif seen.last_call_ago >= QUIET_FOR:
        said = f"No traffic for {roughly(seen.last_call_ago)}: nothing about {seen.name} can be proven without calls."
    else:
        return
    yield Recommendation("no_traffic", said, seen.name)


def one_sided(seen: FeatureSeen) -> Found:
    """Where only one arm has calls there is nothing to compare with."""
    calls = {"v3": seen.calls("control"), "v4": seen.calls("candidate")}
    expected = {"v3": sum(calls.values()) * (1 - seen.share / 100), "v4": sum(calls.values()) * seen.share / 100}
    for engine, other in (("v4", "v3"), ("v3", "v4")):
        if seen.is_under_way and not calls[engine] and expected[engine] >= FEWEST_EXPECTED:
            said = f"All {calls[other]:,} calls of {seen.name} in {roughly(seen.period)} were {other}'s, although "
            said += f"{seen.share:g} % of people shall get v4: there is nothing to compare with."
            yield Recommendation("one_sided", said, seen.name, "manage.py rollout propagation")


def little_evidence(seen: FeatureSeen) -> Found:
    """Calls that cannot be evidence are protected by the fallback, but prove nothing."""
    share = seen.evidence_share
    if seen.is_under_way and share is not None and share < LITTLE_EVIDENCE:
        said = f"Only {100 * share:.0f} % of the calls of {seen.name} can be evidence: the others are testers, "
        said += (
            "overridden, forced, or have neither account, key nor our cookie. Let clients keep the cookie, or log in."
        )
        yield Recommendation("little_evidence", said, seen.name)


def long_in_testing(seen: FeatureSeen) -> Found:
    """TESTING ends by hand only."""
    if seen.position.stage is Stage.TESTING and seen.here_for >= LONG_IN_TESTING:
        said = f"{seen.name} has been in TESTING for {roughly(seen.here_for)}; the guard never leaves it by itself."
        yield Recommendation("long_in_testing", said, seen.name, command("advance", seen.name))


def paused(seen: FeatureSeen) -> Found:
    """A pause that is forgotten holds a rollout for good."""
    if seen.is_under_way and seen.is_paused:
        said = (
            f"{seen.name} is paused at {seen.position}, for {roughly(seen.here_for)} there: nothing widens by itself."
        )
        yield Recommendation("paused", said, seen.name, command("resume", seen.name))


def large_holdout(seen: FeatureSeen) -> Found:
    """FULL's first holdout is for its first dwell; afterwards it only withholds v4 from people."""
    is_late = seen.dwell is not None and seen.here_for >= seen.dwell
    if seen.position.stage is Stage.FULL and seen.position.holdout >= FIRST_HOLDOUT and is_late:
        said = (
            f"The holdout of {seen.name} is still {plain(seen.position.holdout)} % after {roughly(seen.here_for)} at "
        )
        said += f"FULL; {roughly(seen.dwell or timedelta(0))} were asked for. 1 % is enough from now on."
        yield Recommendation("large_holdout", said, seen.name, f"manage.py rollout holdout 1 {seen.name} --reason …")


PLATFORM_RULES: tuple[Callable[[PlatformSeen], Found], ...] = (
    guard_is_away,
    nobody_serves,
    unconfirmed_workers,
    open_breakers,
    unseen_alerts,
    forced_workers,
)
FEATURE_RULES: tuple[Callable[[FeatureSeen], Found], ...] = (
    failing_operation,
    rolled_back,
    ready,
    slow_operation,
    no_traffic,
    one_sided,
    little_evidence,
    long_in_testing,
    paused,
    large_holdout,
)
LAST_RULES: tuple[Callable[[PlatformSeen], Found], ...] = (retired_engine,)


def recommended(platform: PlatformSeen, features: Iterable[FeatureSeen]) -> list[Recommendation]:
    """Return what to do, the most urgent first; empty when there is nothing to be said."""
    seen = list(features)
    found = [one for rule in PLATFORM_RULES for one in rule(platform)]
    found += [one for rule in FEATURE_RULES for feature in seen for one in rule(feature)]
    return found + [one for rule in LAST_RULES for one in rule(platform)]


def _calls(one: OperationSeen, seen: FeatureSeen) -> str:
    return f"{one.candidate.calls:,} and {one.control.calls:,} calls in {roughly(seen.period)}"
