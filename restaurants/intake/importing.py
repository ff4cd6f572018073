"""One import of v3 rows from reading to report."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass, field
from typing import Any

from django.db import transaction

from restaurants.duplicates import Pair, probable_duplicates
from restaurants.intake.records import Record, Rejected
from restaurants.intake.sources import Source
from restaurants.intake.translation import KEYS, Translation, translate
from restaurants.intake.writing import write
from restaurants.models import Agency, Restaurant

ACTOR = "import_v3"
REASON_KEY = "_rejected"
"""The key under which a rejected row carries its reason; ignored when the mended row is read again."""


@dataclass(slots=True)
class Report:
    """What became of every row, and everything that people should look at."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    rejected: list[dict[str, Any]] = field(default_factory=list)
    hours_texts: int = 0
    hours_unparsed: list[dict[str, Any]] = field(default_factory=list)
    hours_structured_unparsed: list[dict[str, Any]] = field(default_factory=list)
    hours_disagreements: list[dict[str, Any]] = field(default_factory=list)
    flags: Counter[str] = field(default_factory=Counter)
    duplicates: list[Pair] = field(default_factory=list)
    agencies_added: list[str] = field(default_factory=list)
    keys_ignored: list[str] = field(default_factory=list)
    not_imported: dict[str, int] = field(default_factory=dict)

    @property
    def counts(self) -> dict[str, int]:
        """How many rows ended in each way."""
        found = Counter(row["result"] for row in self.rows)
        return {result: found[result] for result in ("created", "updated", "unchanged", "rejected")}

    def plain(self) -> dict[str, Any]:
        """Return the report as JSON holds it."""
        return {
            "counts": self.counts,
            "hours": {
                "texts": self.hours_texts,
                "parsed": self.hours_texts - len(self.hours_unparsed),
                "unparsed": self.hours_unparsed,
                "structured_unparsed": self.hours_structured_unparsed,
                "disagreements": self.hours_disagreements,
            },
            "flags": dict(self.flags.most_common()),
            "duplicates": [asdict(pair) | {"reason": pair.reason} for pair in self.duplicates],
            "agencies_added": self.agencies_added,
            "keys_ignored": self.keys_ignored,
            "not_imported": self.not_imported,
            "rows": self.rows,
        }

    def note(self, pk: Any, name: str, result: str, reason: str = "") -> None:
        """Account for one row."""
        row = {"id": pk, "name": name, "result": result}
        self.rows.append(row | {"reason": reason} if reason else row)

    def reject(self, rejected: Rejected) -> None:
        """Account for a row that is rejected, and keep it to be mended."""
        self.note(rejected.id, rejected.name, "rejected", rejected.reason)
        self.rejected.append({REASON_KEY: rejected.reason, **rejected.row})

    def note_hours(self, row: Mapping[str, Any], said: Translation) -> None:
        """Account for one row's hours."""
        place = {"id": said.record.id, "name": said.record.name}
        text = said.record.fields["hours_raw"]
        self.hours_texts += bool(text)
        if "hours_text_unparsed" in said.hours.flags:
            self.hours_unparsed.append(place | {"text": text, "reason": said.hours.problem})
        if "hours_json_unparsed" in said.hours.flags:
            structured = row["hours_json"]
            self.hours_structured_unparsed.append(place | {"structured": structured, "reason": said.hours.problem})
        if "hours_disagree" in said.hours.flags:
            stored = said.hours.opening_hours
            self.hours_disagreements.append(place | {"text": text, "structured": row["hours_json"], "stored": stored})


def import_rows(source: Source, *, dry_run: bool = False, tick: Callable[[], None] = lambda: None) -> Report:
    """Import every row of `source` and account for each; `tick` is called once a row.

    A dry run does everything in one transaction and takes it back. Without it every batch is a transaction, so that an
    import that was cut short continues where it stopped when it is started again.
    """
    report = Report(not_imported=dict(source.other_tables), keys_ignored=_ignored(source.rows))
    known = set(Agency.objects.values_list("name", flat=True))
    with transaction.atomic() if dry_run else nullcontext():
        _write_rows(source.rows, report, tick)
        report.duplicates = probable_duplicates()
        report.agencies_added = sorted(set(Agency.objects.values_list("name", flat=True)) - known)
        if dry_run:
            transaction.set_rollback(True)
        else:
            Restaurant.objects.reset_sequence()
    return report


def _write_rows(rows: Sequence[Mapping[str, Any]], report: Report, tick: Callable[[], None]) -> None:
    row_of = {row["id"]: row for row in rows if isinstance(row.get("id"), int)}
    for outcome in write(_records(rows, report, tick), actor=ACTOR):
        record = outcome.record
        if outcome.result == "rejected":
            report.reject(Rejected(record.id, record.name, outcome.reason, row_of[record.id]))
        else:
            report.note(record.id, record.name, outcome.result)


def _records(rows: Sequence[Mapping[str, Any]], report: Report, tick: Callable[[], None]) -> Iterator[Record]:
    """Yield what the rows say, and account for those that cannot become a place."""
    seen: set[int] = set()
    for row in rows:
        tick()
        said = translate(row)
        if isinstance(said, Translation) and said.record.id in seen:
            said = Rejected(
                said.record.id, said.record.name, f"the id {said.record.id} occurs twice in the source", row
            )
        if isinstance(said, Rejected):
            report.reject(said)
            continue
        seen.add(said.record.id)
        report.note_hours(row, said)
        report.flags.update(said.record.fields["quality_flags"])
        yield said.record


def _ignored(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    return sorted({key for row in rows for key in row} - KEYS - {REASON_KEY})
