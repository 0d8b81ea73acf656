"""What alarms say, drawn from their kind and parameters in the language that is spoken now."""

from collections.abc import Callable, Mapping
from typing import Final

from labrelay.contracts.alarms import Alarm, AlarmKind, Parameters
from labrelay.contracts.disks import disk_words
from labrelay.contracts.instruments import SENTENCES, Condition
from labrelay.words import _, ngettext


def cause_of(alarm: Alarm) -> str:
    """The cause; as it was stored where nothing more is known."""
    try:
        return drawn(alarm.kind, alarm.parameters) or alarm.cause
    except (KeyError, ValueError):  # raised by another version
        return alarm.cause


def spoken(alarm: Alarm) -> Alarm:
    """The alarm in the language that is spoken now."""
    return alarm.model_copy(update={"cause": cause_of(alarm), "next_step": _(alarm.next_step)})


def drawn(kind: AlarmKind, parameters: Parameters) -> str:
    """The cause from its parameters; empty for a kind that has none.

    Raises:
        KeyError: a parameter is missing.
        ValueError: a parameter is none that this version knows.
    """
    draw = DRAWN.get(kind)
    return draw(parameters) if draw and parameters else ""


def span(seconds: float) -> str:
    """A span in words: `40 s`, `12 min`, `3 h 5 min` or `2 d 4 h`."""
    minutes, hours = round(seconds / 60), round(seconds / 3600)
    if seconds < 90:
        return _("{seconds} s").format(seconds=f"{seconds:.0f}")
    if minutes < 60:
        return _("{minutes} min").format(minutes=minutes)
    if hours < 48:
        return _("{hours} h {minutes} min").format(hours=minutes // 60, minutes=minutes % 60)
    return _("{days} d {hours} h").format(days=hours // 24, hours=hours % 24)


def _silence(told: Mapping[str, str | float]) -> str:
    first = _("No file from {instrument} for {silent}; one is expected every {expected}.").format(
        instrument=told["instrument"], silent=span(float(told["silent_s"])), expected=span(float(told["expected_s"]))
    )
    # Two whole sentences, each as its language has it.
    return f"{first} {_(SENTENCES[Condition(str(told['condition']))]).format(told=told['told'])}"


def _failures(told: Mapping[str, str | float]) -> str:
    count = int(told["count"])
    return ngettext("{n} file needs somebody.", "{n} files need somebody.", count).format(n=f"{count:,}")


def _backlog(told: Mapping[str, str | float]) -> str:
    return _("The oldest unfinished image has waited for {waited}.").format(waited=span(float(told["waited_s"])))


def _disk(told: Mapping[str, str | float]) -> str:
    return _(disk_words(told))


DRAWN: Final[Mapping[AlarmKind, Callable[[Parameters], str]]] = {
    AlarmKind.SILENT: _silence,
    AlarmKind.FAILURES: _failures,
    AlarmKind.BACKLOG: _backlog,
    AlarmKind.DISK: _disk,
}
