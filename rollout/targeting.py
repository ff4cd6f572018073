"""Exceptions to the slots: testers of a feature, and single identities that are in or out."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db.models import Q

from jewgo.core.errors import InvalidInput, NotFound
from rollout.eligibility import FlagState
from rollout.models import Flag, Override
from rollout.moves import NothingNamed
from rollout.transitions import Change, Planner, Scene

_HEX = "[0-9a-f]"
_IDENTITY = re.compile(rf"[uk]:[A-Za-z0-9_-]{{1,64}}|d:{_HEX}{{8}}(?:-{_HEX}{{4}}){{3}}-{_HEX}{{12}}|n:{_HEX}{{32}}")

AUDIENCES = ("staff", "superusers")
"""The testers that are a tick on the feature rather than a list."""


class InvalidIdentity(InvalidInput):
    code, title = "invalid_identity", "This is not an identity"


class UnknownTester(NotFound):
    code, title = "unknown_tester", "There is no such person or group"


@dataclass(slots=True)
class Testers:
    """Testers that were named, found: primary keys of people and groups, and audiences."""

    users: set[Any] = field(default_factory=set)
    groups: set[int] = field(default_factory=set)
    audiences: set[str] = field(default_factory=set)


def checked_identity(text: str) -> str:
    """Return the identity as the rollout knows it, or raise InvalidIdentity with every accepted form."""
    kind, _, rest = text.strip().partition(":")
    identity = f"{kind}:{rest.lower()}" if kind in {"d", "n"} else text.strip()
    if not _IDENTITY.fullmatch(identity):
        raise InvalidIdentity(
            f"{text!r} is not an identity.",
            hint="Give u:<user id>, k:<service key id>, d:<device uuid> or n:<32 hex digits>.",
        )
    return identity


def override(identity: str, is_in: bool | None) -> Planner:
    """Return the plan that puts `identity` in or out, or with None leaves it to its slot."""
    who = checked_identity(identity)

    def plan(flag: Flag, _: Scene) -> Change | None:
        known = flag.overrides.filter(identity=who).values_list("is_in", flat=True).first()
        if known == is_in:
            return None
        return Change(
            flag.position,
            details={"identity": who, "from": _word(known), "to": _word(is_in)},
            apply=lambda: _store(flag, who, is_in),
            foresee=lambda state: replace(state, overrides=_overrides_then(state, who, is_in)),
        )

    return plan


def testers(add: Sequence[str], remove: Sequence[str]) -> Planner:
    """Return the plan that makes these people, groups and audiences testers, and those no longer."""
    if not (add or remove):
        raise NothingNamed("No tester is named.")
    added, removed = find(add), find(remove)

    def plan(flag: Flag, _: Scene) -> Change | None:
        new_users = added.users - set(flag.users.values_list("pk", flat=True))
        gone_users = removed.users & set(flag.users.values_list("pk", flat=True))
        new_groups = added.groups - set(flag.groups.values_list("pk", flat=True))
        gone_groups = removed.groups & set(flag.groups.values_list("pk", flat=True))
        ticks = _ticks(flag, added, removed)
        if not (new_users or gone_users or new_groups or gone_groups or ticks):
            return None

        def apply() -> None:
            flag.users.remove(*gone_users)
            flag.users.add(*new_users)
            flag.groups.remove(*gone_groups)
            flag.groups.add(*new_groups)

        details = {
            "added": [*_named("u", new_users), *_named("g", new_groups), *(name for name, on in ticks.items() if on)],
            "removed": [
                *_named("u", gone_users),
                *_named("g", gone_groups),
                *(name for name, on in ticks.items() if not on),
            ],
        }
        return Change(
            flag.position,
            columns=ticks,
            details=details,
            apply=apply,
            foresee=lambda state: replace(state, testers=_people_then(flag, added, removed)),
        )

    return plan


def find(words: Sequence[str]) -> Testers:
    """Find who is meant: an audience, a person's login or `u:<id>`, a group's name or `g:<id>`; or UnknownTester."""
    found = Testers()
    for word in words:
        if word in AUDIENCES:
            found.audiences.add(word)
        elif (user := _user(word)) is not None:
            found.users.add(user)
        elif (group := _group(word)) is not None:
            found.groups.add(group)
        else:
            raise UnknownTester(
                f"There is no person and no group {word!r}.",
                hint="Give a login, u:<user id>, a group's name, g:<group id>, staff or superusers.",
            )
    return found


def _user(word: str) -> Any:
    users = get_user_model()._default_manager
    if word.startswith("u:"):
        return users.filter(pk=int(word[2:])).values_list("pk", flat=True).first() if word[2:].isdecimal() else None
    login = f"{get_user_model().USERNAME_FIELD}__iexact"
    return users.filter(**{login: word}).values_list("pk", flat=True).first()


def _group(word: str) -> int | None:
    if word.startswith("g:"):
        word = word[2:]
        return Group.objects.filter(pk=int(word)).values_list("pk", flat=True).first() if word.isdecimal() else None
    return Group.objects.filter(name=word).values_list("pk", flat=True).first()


def _ticks(flag: Flag, added: Testers, removed: Testers) -> dict[str, bool]:
    wanted = dict.fromkeys(removed.audiences, False) | dict.fromkeys(added.audiences, True)
    return {name: is_on for name, is_on in wanted.items() if getattr(flag, name) != is_on}


def _people_then(flag: Flag, added: Testers, removed: Testers) -> frozenset[str]:
    """Return every tester of the feature after such a change, with the members of groups and audiences."""
    who = Q(pk__in=_keys_then(flag.users, added.users, removed.users))
    who |= Q(groups__in=_keys_then(flag.groups, added.groups, removed.groups))
    ticks = _ticks(flag, added, removed)
    for audience, column in zip(AUDIENCES, ("is_staff", "is_superuser"), strict=True):
        if ticks.get(audience, getattr(flag, audience)):
            who |= Q(**{column: True})
    keys = get_user_model()._default_manager.filter(who).values_list("pk", flat=True)
    return frozenset(f"u:{key}" for key in keys)


def _keys_then(related: Any, added: set[Any], removed: set[Any]) -> set[Any]:
    known = set(related.values_list("pk", flat=True))
    return (known - removed) | (added - known)


def _overrides_then(state: FlagState, identity: str, is_in: bool | None) -> dict[str, bool]:
    kept = {who: known for who, known in state.overrides.items() if who != identity}
    return kept if is_in is None else {**kept, identity: is_in}


def _store(flag: Flag, identity: str, is_in: bool | None) -> None:
    if is_in is None:
        flag.overrides.filter(identity=identity).delete()
    else:
        Override.objects.update_or_create(flag=flag, identity=identity, defaults={"is_in": is_in})


def _named(kind: str, keys: set[Any]) -> list[str]:
    return sorted(f"{kind}:{key}" for key in keys)


def _word(is_in: bool | None) -> str:
    return {True: "on", False: "off", None: "slot"}[is_in]
