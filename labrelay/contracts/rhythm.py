"""How often an instrument is expected to send, and in which hours: pure reckoning with clocks."""

import math
from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta, tzinfo
from itertools import pairwise
from typing import Annotated, Final, Literal

from pydantic import Field, StringConstraints

from labrelay.contracts.base import Contract

NS: Final = 1_000_000_000
Clock = Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAYS: Final[tuple[Day, ...]] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
LEAST_GAPS: Final = 5
"""With fewer gaps between files nothing is learned."""
SHARE: Final = 0.9
LEAST_S: Final = 1.0
LONGEST: Final = timedelta(days=60)
"""Longer silences count as long as this one: it is far beyond every alarm."""


class WorkingHours(Contract):
    """When silence counts, by the gateway's clock and time zone.

    Attributes:
        begins, ends: `HH:MM`; an end that isn't after the beginning lies on the next day, so equal ones are all day.
        days: those on which the hours begin.
    """

    begins: Clock = "00:00"
    ends: Clock = "00:00"
    days: Annotated[tuple[Day, ...], Field(min_length=1, max_length=7)] = DAYS

    @property
    def always(self) -> bool:
        """Whether every hour counts."""
        return self.begins == self.ends and set(self.days) == set(DAYS)


def learned_s(arrivals_ns: Sequence[int]) -> float | None:
    """The gap that nine of ten files keep, seconds (nearest-rank percentile); None with too few files.

    Args:
        arrivals_ns: when files arrived, in any order, nanoseconds since 1970.
    """
    times = sorted(arrivals_ns)
    gaps = sorted((later - earlier) / NS for earlier, later in pairwise(times))
    if len(gaps) < LEAST_GAPS:
        return None
    return max(LEAST_S, gaps[math.ceil(SHARE * len(gaps)) - 1])


def working_s(since_ns: int, until_ns: int, hours: WorkingHours, zone: tzinfo | None = None) -> float:
    """Seconds between two moments that lie in working hours.

    Args:
        since_ns: nanoseconds since 1970.
        until_ns: likewise; a span that ends before it begins counts as none.
        hours: which ones count.
        zone: whose clock tells them; None is this machine's.
    """
    if hours.always:
        return max(0.0, (until_ns - since_ns) / NS)
    until = datetime.fromtimestamp(until_ns / NS, UTC)
    since = max(datetime.fromtimestamp(since_ns / NS, UTC), until - LONGEST)
    day, last, total = _local(since, zone).date() - timedelta(days=1), _local(until, zone).date(), 0.0
    while day <= last:
        if DAYS[day.weekday()] in hours.days:
            begins, ends = _span(datetime.combine(day, time()), hours, zone)
            total += max(0.0, (min(until, ends) - max(since, begins)).total_seconds())
        day += timedelta(days=1)
    return total


def _span(day: datetime, hours: WorkingHours, zone: tzinfo | None) -> tuple[datetime, datetime]:
    begins, ends = time.fromisoformat(hours.begins), time.fromisoformat(hours.ends)
    following = day + timedelta(days=1) if ends <= begins else day
    wall = datetime.combine(day, begins), datetime.combine(following, ends)
    first, second = (each.replace(tzinfo=zone).astimezone(UTC) if zone else each.astimezone(UTC) for each in wall)
    return first, second


def _local(at: datetime, zone: tzinfo | None) -> datetime:
    return at.astimezone(zone) if zone else at.astimezone()
