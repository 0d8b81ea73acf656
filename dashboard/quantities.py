"""Moments, durations and sizes as people read them."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from labrelay.words import N_, _

NS: Final = 1_000_000_000
SIZE_UNITS: Final = ("bytes", "KB", "MB", "GB", "TB")
MONTHS: Final = (
    *(N_("Jan"), N_("Feb"), N_("Mar"), N_("Apr"), N_("May"), N_("Jun")),
    *(N_("Jul"), N_("Aug"), N_("Sep"), N_("Oct"), N_("Nov"), N_("Dec")),
)


@dataclass(frozen=True)
class Moment:
    """A point in time: ISO 8601 for machines, short words in the gateway's own time zone for people."""

    iso: str
    text: str


def moment(at_ns: int, today: datetime | None = None) -> Moment:
    """Wall clock nanoseconds since 1970 as a moment; the day is left out when it is today's."""
    at = datetime.fromtimestamp(at_ns / NS, tz=UTC)
    local = at.astimezone()
    now = (today or datetime.now(UTC)).astimezone()
    text = f"{local:%H:%M:%S}" if local.date() == now.date() else _day(local)
    return Moment(at.isoformat(timespec="milliseconds"), text)


def _day(local: datetime) -> str:
    words = _("{day} {month} {time}")
    return words.format(day=local.day, month=_(MONTHS[local.month - 1]), time=f"{local:%H:%M}")


def clock(at_ns: int, today: datetime | None = None) -> str:
    """Wall clock nanoseconds since 1970 as hours and minutes, the date before them when it isn't today's."""
    local = datetime.fromtimestamp(at_ns / NS, tz=UTC).astimezone()
    now = (today or datetime.now(UTC)).astimezone()
    return f"{local:%H:%M}" if local.date() == now.date() else f"{local:%Y-%m-%d %H:%M}"


def zone_name() -> str:
    """The name of the gateway's time zone."""
    return datetime.now(UTC).astimezone().tzname() or "UTC"


def duration(nanoseconds: int) -> str:
    """A span as `0.4 s`, `38 s`, `4 min 10 s`, `3 h 5 min` or `2 d 4 h`; negative spans count as none."""
    seconds = max(nanoseconds, 0) / NS
    if seconds < 9.95:
        return _("{seconds} s").format(seconds=f"{seconds:.1f}")
    minutes, rest = divmod(round(seconds), 60)
    if minutes == 0:
        return _("{seconds} s").format(seconds=rest)
    hours, minutes = divmod(minutes, 60)
    if hours == 0:
        return _("{minutes} min {seconds} s").format(minutes=minutes, seconds=rest)
    days, hours = divmod(hours, 24)
    if days:
        return _("{days} d {hours} h").format(days=days, hours=hours)
    return _("{hours} h {minutes} min").format(hours=hours, minutes=minutes)


def size(count: int) -> str:
    """Bytes in decimal units, e.g. `4.2 MB`."""
    amount, unit = float(count), SIZE_UNITS[0]
    for larger in SIZE_UNITS[1:]:
        if amount < 1000:
            break
        amount, unit = amount / 1000, larger
    return _("{count} bytes").format(count=count) if unit == "bytes" else f"{amount:.1f} {unit}"
