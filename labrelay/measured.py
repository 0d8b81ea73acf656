"""Selectors with a measure: JSONLogic can double a text in a loop, so what it makes and how often is bounded."""

import math
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from typing import Any, Final

MOST_NODES: Final = 2000
MOST_DEPTH: Final = 32
MOST_LOOPS: Final = 2
"""Loops within each other."""
MOST_STEPS: Final = 20_000
LONGEST: Final = 65_536
"""Characters of a text that a selector makes."""
MOST_ELEMENTS: Final = 2000
LARGEST: Final = 2**1023
LOOPS: Final = frozenset({"map", "filter", "reduce", "all", "some", "none"})

_steps: ContextVar[int] = ContextVar("steps", default=0)


class TooMuch(ValueError):
    """A selector is larger than one may be, or makes too much."""


def check_measure(selector: Any) -> None:
    """Look at a selector before it is evaluated, and begin to count its steps.

    Raises:
        TooMuch: it has too many parts, is nested too deep, or holds numbers that are none.
    """
    _steps.set(0)
    waiting, seen = [(selector, 0, 0)], 0
    while waiting:
        part, depth, loops = waiting.pop()
        seen += 1
        _check_part(part, seen, depth, loops)
        if isinstance(part, dict):
            waiting += [(value, depth + 1, loops + (name in LOOPS)) for name, value in part.items()]
        elif isinstance(part, list):
            waiting += [(value, depth + 1, loops) for value in part]


def _check_part(part: Any, seen: int, depth: int, loops: int) -> None:
    if seen > MOST_NODES or depth > MOST_DEPTH or loops > MOST_LOOPS:
        limits = f"{MOST_NODES} parts, {MOST_DEPTH} levels or {MOST_LOOPS} loops within each other"
        raise TooMuch(f"it has more than {limits}")
    _check_size(part)


def _check_size(made: Any) -> None:
    if isinstance(made, float) and not math.isfinite(made):
        raise TooMuch("it holds a number that is infinite or none at all")
    large = isinstance(made, int) and abs(made) > LARGEST
    if (
        large
        or (isinstance(made, str) and len(made) > LONGEST)
        or (isinstance(made, list) and len(made) > MOST_ELEMENTS)
    ):
        raise TooMuch("it makes a text, list or number that is too large")


def measured(operations: Mapping[str, Callable[..., Any]]) -> dict[str, Callable[..., Any]]:
    """The same operators; each counts its use and looks at what it made."""
    return {name: _measured(operation) for name, operation in operations.items()}


def _measured(operation: Callable[..., Any]) -> Callable[..., Any]:
    def work(data: Any, *arguments: Any) -> Any:
        _steps.set(_steps.get() + 1)
        if _steps.get() > MOST_STEPS:
            raise TooMuch(f"it takes more than {MOST_STEPS:,} steps")
        made = operation(data, *arguments)
        _check_size(made)
        return made

    return work
