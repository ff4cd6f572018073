"""What each feature gates, and which operations still have a v3 engine; filled while the code is imported."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
V = TypeVar("V")

_controls: dict[str, Callable[..., Any]] = {}
_operations: dict[str, str] = {}
_gated: defaultdict[str, set[str]] = defaultdict(set)


class AlreadyRegistered(TypeError):
    """Two functions claim one operation; one of them would never be called."""


def control(operation: str) -> Callable[[Callable[P, V]], Callable[P, V]]:
    """Register the decorated function as the v3 engine of `operation`; stands in a legacy module."""

    def register(function: Callable[P, V]) -> Callable[P, V]:
        known = _controls.setdefault(operation, function)
        if known.__qualname__ != function.__qualname__ or known.__module__ != function.__module__:
            raise AlreadyRegistered(f"{operation} already has {known.__module__}.{known.__qualname__} as its control")
        return function

    return register


def control_of(operation: str) -> Callable[..., Any] | None:
    """Return the v3 engine of an operation, or None once it is retired."""
    return _controls.get(operation)


def switched(feature: str, operation: str) -> None:
    """Note that `operation` is switched by `feature`."""
    if _operations.setdefault(operation, feature) != feature:
        raise AlreadyRegistered(f"{operation} is already switched by {_operations[operation]}")
    gates(feature, f"switch {operation}")


def gates(feature: str, what: str) -> None:
    """Note one thing that `feature` decides."""
    _gated[feature].add(what)


def gated_by(feature: str) -> frozenset[str]:
    """Return what a feature decides: its switches, its gate, its toggles."""
    return frozenset(_gated.get(feature, ()))


def features() -> frozenset[str]:
    """Return every feature that some code asks about."""
    return frozenset(_gated)


@contextmanager
def forgetting() -> Iterator[None]:
    """Forget at the end of the block what was registered inside it: for tests that make switches of their own."""
    controls, operations, gated = dict(_controls), dict(_operations), {name: set(what) for name, what in _gated.items()}
    try:
        yield
    finally:
        for register in (_controls, _operations, _gated):
            register.clear()
        _controls.update(controls)
        _operations.update(operations)
        _gated.update(gated)


def operations() -> Mapping[str, str]:
    """Return every switched operation with its feature."""
    return MappingProxyType(_operations)
