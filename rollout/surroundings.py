"""What is read before a move, once for all its features: who is known, who calls, what the guard thinks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from rollout import criteria, known_identities, traffic
from rollout.criteria import Watch
from rollout.harm import Exposure
from rollout.models import Flag, Measurement
from rollout.propagation import propagation
from rollout.snapshot import Snapshot
from rollout.stages import Position, step_at
from rollout.traffic import Calls


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The installation at one time, as far as a move of some features needs it."""

    flags: Mapping[str, Flag]
    prerequisites: Mapping[str, str | None]
    identities: Sequence[str]
    calls: Mapping[str, Calls]
    measurements: Mapping[str, Measurement]
    watch: Watch
    workers: int

    @classmethod
    def read(cls, features: Sequence[str], at: datetime) -> "Surroundings":
        """Read it; the number of queries does not depend on how many features or people there are."""
        flags = {flag.name: flag for flag in Flag.objects.select_related("prerequisite").prefetch_related("steps")}
        measurements = Measurement.objects.filter(flag__name__in=features).select_related("flag")
        return cls(
            flags=flags,
            prerequisites={name: flag.prerequisite.name if flag.prerequisite else None for name, flag in flags.items()},
            identities=list(known_identities.everybody(at)),
            calls=traffic.last_hour(flags, at),
            measurements={row.flag.name: row for row in measurements if row.attempt == row.flag.attempt},
            watch=criteria.watch(list(features), at),
            workers=max(1, len(propagation().workers)),
        )

    def judged(self, name: str) -> tuple[str, ...]:
        """Return the features on whose operations one is judged."""
        return traffic.judged_by(name, self.prerequisites)

    def exposure(self, name: str, after: Snapshot) -> Exposure:
        """Return who comes to v4 of a feature in this view of the flags, and what watches over them."""
        state, measurement = after.flags[name], self.measurements.get(name)
        calls = traffic.total(self.calls, self.judged(name))
        step = step_at(Position(state.stage, state.percentage, state.holdout), self.flags[name].plan)
        return Exposure(
            share=after.effective_share(name),
            people_per_hour=self.people_per_hour(name) or calls.calls,
            evidence_share=calls.evidence_share,
            change=1 + len(measurement.changes) if measurement else 1,
            error_limit=float(step.max_error_percent) / 100 if step else None,
            workers=self.workers,
        )

    def people_per_hour(self, name: str) -> float:
        """Return the people of both arms that the guard sees in an hour, 0 where it has not looked."""
        judgement = self.watch.judgements.get(name)
        per_hour = judgement.document.get("people", {}).get("per_hour", {}) if judgement else {}
        return float(sum(per_hour.values()))

    def opinion(self, name: str) -> str | None:
        """Return what the guard thinks of a feature now, or None."""
        judgement = self.watch.judgements.get(name)
        return judgement.sentence if judgement else None
