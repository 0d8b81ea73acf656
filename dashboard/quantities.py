"""Moments, durations and sizes as people read them."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

NS: Final = 1_000_000_000
SIZE_UNITS: Final = ("bytes", "KB", "MB", "GB", "TB")


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
    text = f"{local:%H:%M:%S}" if local.date() == now.date() else f"{local.day} {local:%b %H:%M}"
    return Moment(at.isoformat(timespec="milliseconds"), text)


def zone_name() -> str:
    """The name of the gateway's time zone."""
    return datetime.now(UTC).astimezone().tzname() or "UTC"


def duration(nanoseconds: int) -> str:
    """A span as `0.4 s`, `38 s`, `4 min 10 s`, `3 h 5 min` or `2 d 4 h`; negative spans count as none."""
    seconds = max(nanoseconds, 0) / NS
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes == 0:
        return f"{rest} s"
    hours, minutes = divmod(minutes, 60)
    if hours == 0:
        return f"{minutes} min {rest} s"
    days, hours = divmod(hours, 24)
    return f"{days} d {hours} h" if days else f"{hours} h {minutes} min"


def size(count: int) -> str:
    """Bytes in decimal units, e.g. `4.2 MB`."""
    amount, unit = float(count), SIZE_UNITS[0]
    for larger in SIZE_UNITS[1:]:
        if amount < 1000:
            break
        amount, unit = amount / 1000, larger
    return f"{count} bytes" if unit == "bytes" else f"{amount:.1f} {unit}"
