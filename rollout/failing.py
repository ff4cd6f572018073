"""Who failed in an attempt and on what: the newest rows of Failure, bounded, by exception and by person."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q

from rollout.evidence import Metric
from rollout.models import Failure, Flag

FAILURES_READ = 2_000
MOST_EXCEPTIONS, MOST_REQUEST_IDS, MOST_IDENTITIES = 10, 5, 20


def who_failed(concerned: Sequence[Flag]) -> dict[str, Any]:
    """Return who failed in the present attempts of these features, and on what: from the newest rows, and says so."""
    attempts = Q()
    for flag in concerned:
        attempts |= Q(feature=flag.name, attempt=flag.attempt)
    rows = list(Failure.objects.filter(attempts).order_by("-at", "-id")[: FAILURES_READ + 1])
    read = rows[:FAILURES_READ]
    return {
        "rows_read": len(read),
        "is_partial": len(rows) > FAILURES_READ,
        "exceptions": top_exceptions(row for row in read if row.metric == Metric.FAILURES),
        "people": {metric.value: _people(row for row in read if row.metric == metric) for metric in Metric},
    }


@dataclass(frozen=True, slots=True)
class _Group:
    rows: list[Failure]

    def people(self, arm: str) -> int:
        return len({row.identity for row in self.rows if row.arm == arm})

    @property
    def everybody(self) -> int:
        return len({row.identity for row in self.rows})

    @property
    def request_ids(self) -> list[str]:
        return list(dict.fromkeys(row.request_id for row in self.rows if row.request_id))[:MOST_REQUEST_IDS]


def top_exceptions(rows: Iterable[Failure]) -> list[dict[str, Any]]:
    """Return the faults by how many people met them, most first; `rows` are newest first, as their request ids are."""
    groups: dict[tuple[str, str, str], _Group] = {}
    for row in rows:
        groups.setdefault((row.fingerprint, row.place, row.operation), _Group([])).rows.append(row)
    most = sorted(groups.items(), key=lambda item: (-item[1].everybody, item[0]))[:MOST_EXCEPTIONS]
    return [
        {
            "fingerprint": fingerprint,
            "place": place,
            "operation": operation,
            "people": {arm: group.people(arm) for arm in ("candidate", "control")},
            "first_at": group.rows[-1].at.isoformat(),
            "last_at": group.rows[0].at.isoformat(),
            "request_ids": group.request_ids,
        }
        for (fingerprint, place, operation), group in most
    ]


def _people(rows: Iterable[Failure]) -> dict[str, Any]:
    """Return how many people each arm has among these; names only while they are few enough to write to."""
    arms = {row.identity: row.arm for row in rows}
    named = sorted(arms) if len(arms) <= MOST_IDENTITIES else None
    candidate = sum(arm == "candidate" for arm in arms.values())
    return {"candidate": candidate, "control": len(arms) - candidate, "identities": named}
