"""Job selectors: JSONLogic over the AiCSD form of a job, with AiCSD's operators; a bad one harms only its own task."""

import json
from typing import Any

from json_logic import jsonLogic
from json_logic.builtins import BUILTINS

from labrelay.errors import Unprocessable
from labrelay.measured import check_measure, measured


class SelectorInvalid(Unprocessable):
    """A task's selector can't be evaluated."""

    code = "selector_invalid"
    default_next_step = "Correct the task's selector; `labrelay explain FILE` shows how it is read."


def parse_selector(text: str) -> Any:
    """JSONLogic from its text.

    Raises:
        SelectorInvalid: the text isn't JSON.
    """
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise SelectorInvalid(f"The selector isn't JSON: {error}.") from error


def selects(selector: Any, data: dict[str, Any]) -> bool:
    """Whether a selector takes a job, read as AiCSD reads it: only true, false, 1 and 0 are answers.

    Raises:
        SelectorInvalid: unknown operator, wrong arguments, or another answer.
    """
    try:
        check_measure(selector)
        answer = jsonLogic(selector, data, OPERATIONS)
    except Exception as error:  # the library raises whatever Python does with strange arguments
        raise SelectorInvalid(f"The selector can't be evaluated: {str(error)[:500]}.") from error
    if answer is True or answer is False or (not isinstance(answer, (str, list, dict)) and answer in (0, 1)):
        return bool(answer)
    raise SelectorInvalid(f"The selector answers {repr(answer)[:200]} instead of true or false.")


def _within(needle: Any, element: Any) -> bool:
    if isinstance(element, list) and len(element) == 2:
        low, high = element
        return bool(low <= needle <= high)
    return bool(needle == element)


def _contains(data: Any, needle: Any = None, haystack: Any = None, *_: Any) -> bool:
    if isinstance(haystack, str):
        return isinstance(needle, str) and needle in haystack
    return isinstance(haystack, list) and any(_within(needle, element) for element in haystack)


def _set(data: Any, target: Any = None, name: Any = None, value: Any = None, *_: Any) -> dict[str, Any]:
    return {**(target or {}), str(name): value}


def _concatenate(data: Any, *arguments: Any) -> str:
    joined: Any = BUILTINS["cat"](data, *arguments)
    return str(joined).strip()


OPERATIONS: dict[str, Any] = measured(
    {
        **BUILTINS,
        "abs": lambda data, value=0, *_: abs(value),
        "cat": _concatenate,
        "in": _contains,
        "in_sorted": _contains,
        "log": lambda data, value=None, *_: value,  # a selector has nothing to write into a service's log
        "set": _set,
    }
)
