"""What is the matter now, by the rules; and which alarms that raises and clears. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from labrelay.contracts.alarms import AlarmKind, AlarmRule
from labrelay.contracts.instruments import NEXT_STEPS, Condition, InstrumentReport
from labrelay.contracts.rhythm import NS, working_s

CALM_S: Final[dict[AlarmKind, float]] = {
    AlarmKind.SILENT: 0.0,
    AlarmKind.FAILURES: 30.0,
    AlarmKind.DISK: 60.0,
    AlarmKind.BACKLOG: 60.0,
}
"""What goes up and down at its border is well only when it has been so for so long: no storm of messages."""
STEPS: Final[dict[AlarmKind, str]] = {
    AlarmKind.SILENT: "Look at the instrument: has its run ended, or does it show a message?",
    AlarmKind.FAILURES: "Open the inbox: it tells for each cause what helps.",
    AlarmKind.DISK: "Make room, or let retention delete what is no longer needed.",
    AlarmKind.BACKLOG: "Look whether the pipelines run, or let more of them work.",
}


class Subject(NamedTuple):
    """What an alarm is about: at most one is open of each."""

    kind: AlarmKind
    name: str


@dataclass(frozen=True)
class Trouble:
    """What is the matter, in words, and what to do about it."""

    cause: str
    next_step: str


@dataclass(frozen=True)
class Situation:
    """The gateway at one moment. Times are nanoseconds since 1970.

    Attributes:
        listening_since_ns: before this the gateway heard no instrument.
        failures: jobs that need somebody.
        disks: what is said of disks that are warned or full, by name.
        oldest_ns: when the oldest unfinished image came; None without any.
    """

    now_ns: int
    listening_since_ns: int = 0
    instruments: tuple[InstrumentReport, ...] = ()
    failures: int = 0
    disks: Mapping[str, str] = field(default_factory=dict)
    oldest_ns: int | None = None


@dataclass(frozen=True)
class Verdict:
    """What to write: alarms to raise, alarms to clear, and since when open ones have been calm."""

    raised: Mapping[Subject, Trouble]
    cleared: frozenset[Subject]
    calm_since_ns: Mapping[Subject, int]


def judge(rules: Iterable[AlarmRule], now: Situation, held: frozenset[Subject], calm: Mapping[Subject, int]) -> Verdict:
    """Compare what is the matter with the alarms that are open.

    Args:
        rules: those of the lab.
        now: the situation.
        held: alarms that are open.
        calm: since when open ones have been calm, as the last verdict said it.
    """
    found = troubles(rules, now, held)
    since = {subject: calm.get(subject, now.now_ns) for subject in held - found.keys()}
    over = frozenset(each for each, at_ns in since.items() if now.now_ns - at_ns >= CALM_S[each.kind] * NS)
    raised = {subject: told for subject, told in found.items() if subject not in held}
    return Verdict(raised, over, {each: at_ns for each, at_ns in since.items() if each not in over})


def troubles(rules: Iterable[AlarmRule], now: Situation, held: frozenset[Subject]) -> dict[Subject, Trouble]:
    """What is the matter, by the rules that are switched on."""
    on = {(rule.kind, rule.instrument): rule for rule in rules}
    found: dict[Subject, Trouble] = {}
    for report in now.instruments:
        rule = on.get((AlarmKind.SILENT, report.instrument)) or on.get((AlarmKind.SILENT, ""))
        subject = Subject(AlarmKind.SILENT, report.instrument)
        if rule and rule.enabled and (told := _silence(rule, report, now, is_open=subject in held)):
            found[subject] = told
    for kind, tell in ((AlarmKind.FAILURES, _failures), (AlarmKind.BACKLOG, _backlog)):
        rule = on.get((kind, ""))
        if rule and rule.enabled and (cause := tell(rule, now)):
            found[Subject(kind, "")] = Trouble(cause, STEPS[kind])
    disks = on.get((AlarmKind.DISK, ""))
    if disks and disks.enabled:
        step = STEPS[AlarmKind.DISK]
        found |= {Subject(AlarmKind.DISK, name): Trouble(words, step) for name, words in now.disks.items()}
    return found


def _silence(rule: AlarmRule, report: InstrumentReport, now: Situation, *, is_open: bool) -> Trouble | None:
    """Silence counts from when the gateway began to listen; what was silent before stays so until a file comes."""
    if report.expected_s is None or report.silent_s is None or _is_held(report):
        return None
    heard_s = working_s(now.listening_since_ns, now.now_ns, rule.hours)
    silent_s = report.silent_s if is_open else min(report.silent_s, heard_s)
    if silent_s <= report.expected_s + rule.grace_s:
        return None
    told = f"No file from {report.instrument} for {span(silent_s)}; one is expected every {span(report.expected_s)}."
    step = report.next_step or NEXT_STEPS[Condition.SILENT]
    return Trouble(f"{told} {report.cause}", step)


def _is_held(report: InstrumentReport) -> bool:
    return report.paused.active or report.draining is not None


def _failures(rule: AlarmRule, now: Situation) -> str:
    return f"{now.failures:,} {'file needs' if now.failures == 1 else 'files need'} somebody." * (
        now.failures > rule.more_than
    )


def _backlog(rule: AlarmRule, now: Situation) -> str:
    waited_s = 0.0 if now.oldest_ns is None else (now.now_ns - now.oldest_ns) / NS
    return f"The oldest unfinished image has waited for {span(waited_s)}." * (waited_s > 60 * rule.minutes)


def span(seconds: float) -> str:
    """A span in words: `40 s`, `12 min`, `3 h 5 min` or `2 d 4 h`."""
    minutes, hours = round(seconds / 60), round(seconds / 3600)
    if seconds < 90:
        return f"{seconds:.0f} s"
    if minutes < 60:
        return f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60} min" if hours < 48 else f"{hours // 24} d {hours % 24} h"
