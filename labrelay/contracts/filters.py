"""Which jobs are meant: one small language for the API's query, the command line and the dashboard's address.

`stage=failed code=pipeline_failed instrument=scope-1 since=2h` on the command line is
`?stage=failed&code=pipeline_failed&instrument=scope-1&since=2h` in an address. A name that comes twice means either
of its values, different names must all fit; a value with blanks stands in quotes (`'plate="P 7"'`).
"""

import difflib
import re
import shlex
import time
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Annotated, Any, Final, Literal, Self
from urllib.parse import urlencode

from pydantic import AfterValidator, StringConstraints, ValidationError, model_validator

from labrelay.contracts.base import Contract
from labrelay.contracts.states import Stage, Status
from labrelay.errors import Unprocessable

MOST_VALUES: Final = 1000
LARGEST: Final = (1 << 63) - 1
_SPAN: Final = re.compile(r"(\d{1,6})([smhdw])")
_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


class FilterInvalid(Unprocessable):
    """The choice of jobs can't be read."""

    code = "filter_invalid"
    default_next_step = "Write NAME=VALUE for each condition, e.g. stage=failed plate=P7 since=2h."


def moment_ns(text: str, now_ns: int) -> int:
    """The moment that `since` or `until` names, in nanoseconds since 1970.

    Args:
        text: so long ago (`90s`, `30m`, `2h`, `3d`, `1w`), or a date or time as ISO 8601 writes it; without an offset
            in the time zone of this machine.
        now_ns: the present.

    Raises:
        ValueError: it is neither.
    """
    if found := _SPAN.fullmatch(text):
        span = timedelta(**{_UNITS[found[2]]: int(found[1])})
        return _stored(now_ns - int(span.total_seconds()) * 1_000_000_000)
    try:
        return _stored(int(datetime.fromisoformat(text).astimezone().timestamp() * 1e9))
    except (ValueError, OverflowError, OSError) as error:
        raise ValueError(f"{text!r} is neither a time (2026-11-22T14:00) nor a span (90s, 30m, 2h, 3d, 1w)") from error


def _stored(moment: int) -> int:
    """As near as a database's largest numbers allow."""
    return max(-LARGEST, min(LARGEST, moment))


def _checked(text: str) -> str:
    if text:
        moment_ns(text, time.time_ns())
    return text


Text = Annotated[str, StringConstraints(min_length=1, max_length=4096, pattern=r"^[^\x00]*$")]
Moment = Annotated[str, AfterValidator(_checked)]


class JobFilter(Contract):
    """A choice of jobs; nothing named means all of them.

    Attributes:
        job: ids, or their first characters.
        stage: where it stands (`failed`, `ready`, …).
        status: AiCSD's status (`PipelineError`); stages are taken, too.
        code: why it failed (`pipeline_failed`).
        task: ids of tasks.
        plate: names of plates, or their ids.
        well: wells of the plates that are named, too (`B07`).
        path: a part of the path, letter case aside; with `*` and `?` a pattern for the whole of it.
        kind: `image`, or `table` for plates' tables.
        overdue: `yes` for jobs that wait longer than usual, `no` for all others.
        waived: `yes` for failures and the like that somebody looked at and let be, `no` for all others.
        q: a text in path, plate, id, instrument, pipeline or failure code; several must all be found.
        since: changed last at this moment or later: a span (`2h`) or a time.
        until: changed last before this moment.
    """

    job: tuple[Text, ...] = ()
    stage: tuple[Stage, ...] = ()
    status: tuple[Status | Stage, ...] = ()
    code: tuple[Text, ...] = ()
    instrument: tuple[Text, ...] = ()
    pipeline: tuple[Text, ...] = ()
    task: tuple[Text, ...] = ()
    plate: tuple[Text, ...] = ()
    well: tuple[Text, ...] = ()
    path: tuple[Text, ...] = ()
    capture_id: tuple[Text, ...] = ()
    kind: tuple[Literal["image", "table"], ...] = ()
    overdue: tuple[Literal["yes", "no"], ...] = ()
    waived: tuple[Literal["yes", "no"], ...] = ()
    q: tuple[Text, ...] = ()
    since: Moment = ""
    until: Moment = ""

    @model_validator(mode="before")
    @classmethod
    def _without_empty_values(cls, given: Any) -> Any:
        """An empty field of a form says nothing; a single value needs no list around it."""
        if not isinstance(given, dict):
            return given
        lists = JobFilter.model_fields.keys() - {"since", "until"}
        return {name: _values(value) if name in lists else value for name, value in given.items()}

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        if sum(1 for _ in self.pairs) > MOST_VALUES:
            raise ValueError(f"more than {MOST_VALUES} values")
        if self.well and not (self.plate or self.job or self.capture_id):
            raise ValueError("a well is one of a plate: name the plate, too")
        return self

    @classmethod
    def parse(cls, text: str) -> "JobFilter":
        """Read `stage=failed plate=P7`.

        Raises:
            FilterInvalid: a word is no NAME=VALUE, or one of them makes no sense.
        """
        try:
            words = shlex.split(text)
        except ValueError as error:
            raise FilterInvalid(f"{text!r} can't be read: {error}.") from error
        return cls.of([_pair(word) for word in words])

    @classmethod
    def of(cls, pairs: Iterable[tuple[str, str]]) -> "JobFilter":
        """The filter of these names and values.

        Raises:
            FilterInvalid: one of them makes no sense.
        """
        given: dict[str, Any] = {}
        for name, value in pairs:
            given.setdefault(name, []).append(value)
        times = {name: given.pop(name)[-1] for name in ("since", "until") if name in given}
        try:
            return cls.model_validate({**given, **times})
        except ValidationError as error:
            first = error.errors()[0]
            raise FilterInvalid(f"{'.'.join(str(part) for part in first['loc'][:1])}: {first['msg']}.") from error

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """Names and values, one pair for each value."""
        found: list[tuple[str, str]] = []
        for name in JobFilter.model_fields:
            value = getattr(self, name)
            found += [(name, str(each)) for each in ([value] if isinstance(value, str) else value) if each]
        return tuple(found)

    @property
    def text(self) -> str:
        """As `parse` reads it; empty for all jobs."""
        return " ".join(shlex.quote(f"{name}={value}") for name, value in self.pairs)

    @property
    def query(self) -> str:
        """As an address has it, without the question mark."""
        return urlencode(self.pairs)


NAMES: Final = tuple(JobFilter.model_fields)


def _values(value: Any) -> Any:
    several = value if isinstance(value, (list, tuple)) else [value]
    return [each for each in several if each not in ("", None)]


def _pair(word: str) -> tuple[str, str]:
    name, given, value = word.partition("=")
    if not given or not value:
        raise FilterInvalid(f"{word!r} is no NAME=VALUE.")
    if name not in NAMES:
        near = difflib.get_close_matches(name, NAMES, 1)
        meant = f" Did you mean {near[0]}?" if near else ""
        raise FilterInvalid(f"Jobs have no {name!r} to choose by.{meant}", next_step=f"Choose by {', '.join(NAMES)}.")
    return name, value
