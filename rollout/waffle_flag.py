"""What waffle asks of a flag, answered from the snapshot: `flag_is_active` and its kin decide as the switch does."""

from collections.abc import Collection
from typing import Any, Self

from django.core import mail
from django.http import HttpRequest
from django.utils import timezone
from waffle.models import AbstractUserFlag

from jewgo.core.errors import Conflict
from rollout import identity, snapshot
from rollout.eligibility import NOBODY, FlagState
from rollout.snapshot import holder


class EveryoneIsNotStored(Conflict):
    """Somebody set waffle's `everyone`: nothing reads it from the table, and the database refuses it."""

    code, title = "everyone_is_not_stored", "A rollout is not moved through waffle's columns"


class SnapshotFlag(AbstractUserFlag):
    """A waffle flag that is read from memory.

    `everyone` is what `override_flag` writes: it lives in this process only, and only under test. Waffle's other ways
    to switch a flag on (percent, languages, cookies, query parameters) decide nothing here.
    """

    class Meta(AbstractUserFlag.Meta):
        abstract = True

    @classmethod
    def get(cls, name: str) -> Self:
        """Return the feature as this process believes it to be; an unsaved one when there is none. No I/O."""
        state = snapshot.current().flags.get(name)
        return cls(name=name) if state is None else cls._of(state)

    @classmethod
    def get_all(cls) -> list[Self]:
        """Return every feature as this process believes it to be. No I/O."""
        return [cls._of(state) for state in snapshot.current().flags.values()]

    @classmethod
    def from_db(cls, db: str | None, field_names: Collection[str], values: Collection[Any], **kwargs: Any) -> Self:
        """Return the row, with `everyone` as it is in this process."""
        flag = super().from_db(db, field_names, values, **kwargs)
        flag.everyone = holder.everyone(flag.name)
        return flag

    def is_active(self, request: HttpRequest | None, read_only: bool = False) -> bool:
        """Say whether the caller of `request` is in; without one, whoever is being served here, else nobody."""
        caller = identity.identify(request) if request is not None else identity.current()
        return snapshot.current().decide(self.name, caller or NOBODY).is_candidate

    def is_active_for_user(self, user: Any) -> bool:
        """Say whether a person is in."""
        caller = f"u:{user.pk}" if user.is_authenticated else NOBODY
        return snapshot.current().decide(self.name, caller).is_candidate

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Store the flag without `everyone`; raises EveryoneIsNotStored when that is set outside of tests."""
        everyone = self.everyone
        if everyone is not None and not _is_under_test():
            raise EveryoneIsNotStored(
                f"`everyone` of {self.name} is never stored.",
                hint=f"Use manage.py rollout advance {self.name} or manage.py rollback {self.name}, with --reason.",
            )
        self.everyone = None
        try:
            super().save(*args, **kwargs)
        finally:
            self.everyone = everyone

    def flush(self) -> None:
        """Let `everyone` count in this process, or no longer. (Waffle's caches hold no flag.)"""
        holder.set_everyone(self.name, self.everyone)

    @classmethod
    def _of(cls, state: FlagState) -> Self:
        flag = cls(
            id=state.id,
            name=state.name,
            note=state.note,
            modified=state.modified_at or timezone.now(),
            everyone=holder.everyone(state.name),
            **{name: getattr(state, name) for name in ("cohort", "stage", "percentage", "holdout", "version")},
        )
        flag._state.adding = state.id == 0
        return flag


def _is_under_test() -> bool:
    """Whether Django's test environment is set up, which alone gives the mail module an outbox."""
    return hasattr(mail, "outbox")
