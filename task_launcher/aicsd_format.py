"""AiCSD's habits on the wire: Go's durations, JSON keys in any case, tasks with their selector as text."""

import json
import re
import types
from typing import Any, Final, TypeVar, get_args

from pydantic import ValidationError

from labrelay.contracts.aicsd import Wire, WireTask
from labrelay.contracts.tasks import Task
from labrelay.errors import RequestRefused

W = TypeVar("W", bound=Wire)

_UNIT_S: Final = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_PART: Final = re.compile(r"(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)")


class BadJson(RequestRefused):
    """The body isn't the JSON that AiCSD expects."""

    code = "bad_json"


class BadDuration(RequestRefused):
    """Not a duration as Go writes them."""

    code = "bad_duration"
    default_next_step = 'Give a duration such as "15s", "1h30m" or "250ms".'
    status = 500


def go_duration(text: str) -> float:
    """Seconds in a duration as Go's `time.ParseDuration` reads it.

    Raises:
        BadDuration: it isn't one.
    """
    sign, digits = (-1.0, text[1:]) if text.startswith("-") else (1.0, text.removeprefix("+"))
    if digits == "0":
        return 0.0
    if not digits or _PART.sub("", digits):
        raise BadDuration(f"{text!r} is not a duration.")
    return sign * sum(float(number) * _UNIT_S[unit] for number, unit in _PART.findall(digits))


def read_wire(kind: type[W], body: bytes) -> W:
    """One of AiCSD's models from a body, its keys in any case and null for nothing, as Go reads JSON.

    Raises:
        BadJson: it isn't JSON, or a member is of another type.
    """
    try:
        return kind.model_validate(_canonical(kind, json.loads(body)))
    except ValidationError as error:
        first = error.errors()[0]
        raise BadJson(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from error
    except ValueError as error:
        raise BadJson(f"The body isn't JSON: {error}.") from error


def _canonical(kind: type[Wire], raw: Any) -> Any:
    if not isinstance(raw, dict):
        return raw
    fields = {(field.alias or name).lower(): (name, field.annotation) for name, field in kind.model_fields.items()}
    given = {key.lower(): value for key, value in raw.items() if value is not None}
    return {name: _member(hint, given[key]) for key, (name, hint) in fields.items() if key in given}


def _member(hint: Any, value: Any) -> Any:
    if isinstance(value, list):
        return [_member(hint, element) for element in value]
    inner = _wire_in(hint)
    return _canonical(inner, value) if inner else value


def _wire_in(hint: Any) -> type[Wire] | None:
    if isinstance(hint, type) and not isinstance(hint, types.GenericAlias):
        return hint if issubclass(hint, Wire) else None
    return next((found for each in get_args(hint) if (found := _wire_in(each))), None)


def wire_task(task: Task) -> WireTask:
    """A task as AiCSD shows it."""
    return WireTask(
        id=task.id,
        description=task.description,
        job_selector=json.dumps(task.selector),
        pipeline_id=task.pipeline,
        result_file_folder=task.result_folder,
        model_parameters=task.parameters,
        last_updated=task.updated_ns,
    )
