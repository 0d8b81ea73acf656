"""Why a phase of a job took its time, in words: only what the record knows."""

from collections.abc import Iterator
from typing import Final

from dashboard.quantities import duration, moment
from labrelay.contracts.phases import Paused, Phase, PhaseName
from labrelay.words import N_, _, ngettext

ENDINGS: Final[dict[str, str]] = {
    "fail": N_("It failed here."),
    "input_lost": N_("The instrument couldn't send the file."),
    "cancel": N_("Somebody cancelled it here."),
    "relaunch": N_("It was taken from a silent worker and put back in line."),
    "supersede": N_("A newer file took its place."),
    "restored": N_("The gateway lost its memory and took the job up again from its record."),
}


def why(phase: Phase) -> tuple[str, ...]:
    """What is known of a phase, one sentence each."""
    return tuple(_sentences(phase))


def _sentences(phase: Phase) -> Iterator[str]:
    if phase.phase is PhaseName.DETECTION:
        yield _("From the last write, on the instrument's own clock, until its side announced the whole file.")
    if phase.ahead is not None:
        yield _queue(phase)
    for pause in phase.pauses:
        yield _paused(pause, phase)
    yield from phase.told
    if phase.ended_by in ENDINGS:
        yield _(ENDINGS[phase.ended_by])


def _queue(phase: Phase) -> str:
    count = phase.ahead or 0
    shown = _("more than {count}").format(count=f"{count:,}") if phase.more_ahead else f"{count:,}"
    if phase.ended_ns is None:
        if not count:
            return _("No other job of its pipeline stands before it.")
        told = ngettext(
            "{count} job of its pipeline stands before it.", "{count} jobs of its pipeline stand before it.", count
        )
        return told.format(count=shown)
    if not count:
        return _("No other job of its pipeline was begun meanwhile.")
    told = ngettext(
        "{count} job of its pipeline was begun before it.",
        "{count} jobs of its pipeline were begun before it.",
        count,
    )
    return told.format(count=shown)


def _paused(pause: Paused, phase: Phase) -> str:
    since, by = moment(pause.since_ns).text, pause.by or _("somebody")
    if pause.until_ns is None and phase.ended_ns is None:
        told = _("The instrument is paused by {name} since {since}.").format(name=by, since=since)
    else:
        ends = [each for each in (pause.until_ns, phase.ended_ns) if each is not None]
        span = duration(min(ends) - max(pause.since_ns, phase.began_ns))
        told = _("The instrument was paused by {name} for {span} of it.").format(name=by, span=span)
    return f"{told} {_('Reason: {reason}.').format(reason=pause.reason)}" if pause.reason else told
