"""How the lab is, in a few whole sentences: who works, who needs somebody, and when all will be done."""

import time
from collections.abc import Iterable
from typing import Final

from dashboard.instruments import Instrument
from dashboard.quantities import NS, clock
from dashboard.repository import Counts
from labrelay.contracts.disks import disk_words
from labrelay.contracts.states import FINAL
from labrelay.words import _, ngettext

RUNNING_NS: Final = 600 * NS
"""An instrument runs while its images are on their way, and so long after the last."""


def sentences_of(found: Counts, now_ns: int | None = None) -> list[str]:
    """The sentences, most important first.

    Args:
        found: the repository's counts.
        now_ns: the present, wall clock.
    """
    if not any(found.stages.values()) and not found.needing:
        first = [_("No images yet. Drop one into the watched folder and it appears here."), *_silent(found.instruments)]
    else:
        first = [*_instruments(found.instruments, now_ns or time.time_ns()), _needing(found.needing), _backlog(found)]
    return [*first, *_paused(found.instruments), *(_(disk_words(told)) for told in found.disks)]


def _instruments(instruments: tuple[Instrument, ...], now_ns: int) -> list[str]:
    awake = [each for each in instruments if not each.pauses.active]
    speaking = [each for each in awake if not each.silent]
    running = sum(1 for each in speaking if each.live or now_ns - each.last_ns < RUNNING_NS)
    silent = len(awake) - len(speaking)
    if running and silent:
        return [_both(running, silent, _first(awake))]
    if running:
        told = ngettext("{n} instrument is running.", "{n} instruments are running.", running)
        return [told.format(n=f"{running:,}")]
    return _silent(instruments) or _last(awake)


def _both(running: int, silent: int, since: str) -> str:
    told = ngettext(
        "{n} instrument is running, {silent} are silent, the first since {time}.",
        "{n} instruments are running, {silent} are silent, the first since {time}.",
        running,
    )
    if silent == 1:
        told = ngettext(
            "{n} instrument is running, 1 is silent since {time}.",
            "{n} instruments are running, 1 is silent since {time}.",
            running,
        )
    return told.format(n=f"{running:,}", silent=f"{silent:,}", time=since)


def _silent(instruments: Iterable[Instrument]) -> list[str]:
    silent = [each for each in instruments if each.silent]
    if not silent:
        return []
    told = ngettext(
        "No instrument is running; {name} is silent since {time}.",
        "No instrument is running; {n} are silent, the first since {time}.",
        len(silent),
    )
    return [told.format(name=silent[0].name, n=f"{len(silent):,}", time=_first(silent))]


def _first(instruments: Iterable[Instrument]) -> str:
    """Since when the first of them is silent."""
    return clock(min(each.silent_since_ns for each in instruments if each.silent))


def _last(awake: Iterable[Instrument]) -> list[str]:
    last = max(awake, key=lambda each: each.last_ns, default=None)
    if last is None or not last.last_ns:
        return []
    told = _("No instrument is running; the last to send was {name} at {time}.")
    return [told.format(name=last.name, time=clock(last.last_ns))]


def _paused(instruments: tuple[Instrument, ...]) -> list[str]:
    paused = [each.name for each in instruments if each.pauses.active]
    if len(paused) == 1:
        return [_("{name} is paused.").format(name=paused[0])]
    return [_("{n} instruments are paused.").format(n=f"{len(paused):,}")] if paused else []


def _needing(count: int) -> str:
    if not count:
        return _("Nothing needs you.")
    return ngettext("{n} file needs you.", "{n} files need you.", count).format(n=f"{count:,}")


def _backlog(found: Counts) -> str:
    count = sum(
        number for stages in (found.stages, found.tables) for stage, number in stages.items() if stage not in FINAL
    )
    if not count:
        return _("Nothing waits.")
    if found.clears_ns is None:
        return ngettext("{n} is on its way.", "{n} are on their way.", count).format(n=f"{count:,}")
    told = ngettext(
        "{n} is on its way; the backlog clears at about {time}.",
        "{n} are on their way; the backlog clears at about {time}.",
        count,
    )
    return told.format(n=f"{count:,}", time=clock(found.clears_ns))
