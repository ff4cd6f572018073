"""What the environment forces on a process, whatever the tables say. Pure: the environment is an argument."""

import re
import sys
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from rollout.stages import GRAIN, HUNDRED, ZERO, plain

_OFF = frozenset({"off", "false", "no"})
_ON = frozenset({"on", "true", "yes"})
_PERCENT = re.compile(r"(\d{1,3}(?:\.\d{1,2})?)%", re.ASCII)
_PREFIXES = ("ROLLOUT_FORCE", "ROLLOUT_USER")
"""Without the line that follows: ROLLOUT_FORCEALL is a slip, and would force nothing."""
_IDENTITY = re.compile(r"[ukdn]:[A-Za-z0-9_-]+", re.ASCII)

ACCEPTED = """\
  ROLLOUT_FORCE_<FEATURE>   off, false, no · on, true, yes · a percentage with its sign, 0.01% to 100%
  ROLLOUT_FORCE_ALL         off, false, no
  ROLLOUT_FORCE_UNSAFE      1 (on and a percentage then reach DISABLED features too)
  ROLLOUT_USER_<FEATURE>    <identity>=on or <identity>=off, several separated by commas"""


@dataclass(frozen=True, slots=True)
class Forces:
    """The forces that were understood, by feature, and a line for each variable that was not."""

    all_off: bool = False
    unsafe: bool = False
    shares: Mapping[str, Decimal] = field(default_factory=dict)
    """Forced percentages: 0 is off, 100 is on."""
    users: Mapping[str, Mapping[str, bool]] = field(default_factory=dict)
    problems: tuple[str, ...] = ()

    def is_off(self, feature: str) -> bool:
        """Whether this process keeps everybody of `feature` on control."""
        return self.all_off or self.shares.get(feature) == ZERO

    def report(self) -> dict[str, str]:
        """Return what is forced, as the heartbeat tells it: variable → value in its plainest spelling."""
        told = {_variable("FORCE", name): _spelled(share) for name, share in self.shares.items()}
        for name, users in self.users.items():
            told[_variable("USER", name)] = ",".join(
                f"{who}={'on' if is_in else 'off'}" for who, is_in in users.items()
            )
        told |= {"ROLLOUT_FORCE_ALL": "off"} if self.all_off else {}
        return told | ({"ROLLOUT_FORCE_UNSAFE": "1"} if self.unsafe else {})


class NotUnderstood(ValueError):
    """One variable whose value is none of the accepted spellings."""


def read(environ: Mapping[str, str], features: Collection[str]) -> Forces:
    """Return what `environ` forces on `features`, an empty value being an unset one. Never raises: see `problems`."""
    problems: list[str] = []
    whole: set[str] = set()
    shares: dict[str, Decimal] = {}
    users: dict[str, dict[str, bool]] = {}
    for variable, value in _ours(environ):
        kind, _, name = variable.removeprefix("ROLLOUT_").partition("_")
        try:
            if kind == "FORCE" and name in {"ALL", "UNSAFE"}:
                whole.add(_whole(name, value))
                continue
            feature = _feature(kind, name, features)
            if kind == "FORCE":
                shares[feature] = _share(value)
            else:
                users[feature] = dict(_user(entry) for entry in value.split(","))
        except NotUnderstood as problem:
            problems.append(f"  {variable}={value!r}: {problem}")
    return Forces("ALL" in whole, "UNSAFE" in whole, shares, users, tuple(problems))


def stop_unless_understood(forces: Forces) -> None:
    """End a serving process with status 2 and every accepted spelling when a force was not understood."""
    if forces.problems:
        sys.stderr.write(complaint(forces))
        raise SystemExit(2)


def complaint(forces: Forces) -> str:
    """Say which variables were not understood and what they may be."""
    return "\n".join(("The rollout's forces are not right:", *forces.problems, "Accepted are:", ACCEPTED, ""))


def _ours(environ: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for variable in sorted(environ):
        if variable.startswith(_PREFIXES) and environ[variable].strip():
            yield variable, environ[variable].strip()


def _feature(kind: str, name: str, features: Collection[str]) -> str:
    for feature in features:
        if kind in {"FORCE", "USER"} and feature.upper() == name:
            return feature
    raise NotUnderstood(f"names no feature; there are {', '.join(sorted(features)) or 'none'}")


def _whole(name: str, value: str) -> str:
    if name == "ALL" and value.lower() not in _OFF:
        raise NotUnderstood("everything can only be forced off")
    if name == "UNSAFE" and value != "1":
        raise NotUnderstood("it is 1 or not set")
    return name


def _share(value: str) -> Decimal:
    word = value.lower()
    if word in _OFF:
        return ZERO
    if word in _ON:
        return HUNDRED
    percent = _PERCENT.fullmatch(word)
    if percent is None:
        raise NotUnderstood("neither off, on nor a percentage with its sign")
    share = Decimal(percent[1])
    if not GRAIN <= share <= HUNDRED:
        raise NotUnderstood("a percentage is 0.01% to 100%; nobody is `off`")
    return share


def _user(entry: str) -> tuple[str, bool]:
    identity, _, word = entry.strip().partition("=")
    if not _IDENTITY.fullmatch(identity) or word.lower() not in {"on", "off"}:
        raise NotUnderstood(f"{entry.strip()!r} is not <identity>=on or <identity>=off, as in u:3=on")
    is_hex = identity.startswith(("d:", "n:"))
    return identity.lower() if is_hex else identity, word.lower() == "on"


def _variable(kind: str, feature: str) -> str:
    return f"ROLLOUT_{kind}_{feature.upper()}"


def _spelled(share: Decimal) -> str:
    return {ZERO: "off", HUNDRED: "on"}.get(share) or f"{plain(share)}%"
