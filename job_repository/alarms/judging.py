"""What is the matter now, by the rules; and which alarms that raises and clears. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple, Self

from labrelay.contracts.alarm_words import drawn
from labrelay.contracts.alarms import AlarmKind, AlarmRule, Parameters
from labrelay.contracts.instruments import NEXT_STEPS, Condition, InstrumentReport
from labrelay.contracts.rhythm import NS, working_s
from labrelay.words import ENGLISH, N_, speaking

CALM_S: Final[dict[AlarmKind, float]] = {
    AlarmKind.SILENT: 0.0,
    AlarmKind.FAILURES: 30.0,
    AlarmKind.DISK: 60.0,
    AlarmKind.BACKLOG: 60.0,
}
"""What goes up and down at its border is well only when it has been so for so long: no storm of messages."""
STEPS: Final[dict[AlarmKind, str]] = {
    AlarmKind.SILENT: NEXT_STEPS[Condition.SILENT],
    AlarmKind.FAILURES: N_("Open the inbox: it tells for each cause what helps."),
    AlarmKind.DISK: N_("Make room, or let retention delete what is no longer needed."),
    AlarmKind.BACKLOG: N_("Look whether the pipelines run, or let more of them work."),
}


class Subject(NamedTuple):
    """What an alarm is about: at most one is open of each."""

    kind: AlarmKind
    name: str


@dataclass(frozen=True)
class Trouble:
    """What is the matter, in words, and what to do about it; `parameters` are what the words are drawn from."""

    cause: str
    next_step: str
    parameters: Parameters = field(default_factory=dict)

    @classmethod
    def of(cls, kind: AlarmKind, next_step: str, parameters: Parameters) -> Self:
        """In the words of its kind; the record keeps them in English."""
        with speaking(ENGLISH):
            return cls(drawn(kind, parameters), next_step, parameters)


@dataclass(frozen=True)
class Situation:
    """The gateway at one moment. Times are nanoseconds since 1970.

    Attributes:
        listening_since_ns: before this the gateway heard no instrument.
        failures: jobs that need somebody.
        disks: what is told of disks that are warned or full, by name.
        oldest_ns: when the oldest unfinished image came; None without any.
    """

    now_ns: int
    listening_since_ns: int = 0
    instruments: tuple[InstrumentReport, ...] = ()
    failures: int = 0
    disks: Mapping[str, Parameters] = field(default_factory=dict)
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
        if rule and rule.enabled and (parameters := tell(rule, now)):
            found[Subject(kind, "")] = Trouble.of(kind, STEPS[kind], parameters)
    disks = on.get((AlarmKind.DISK, ""))
    if disks and disks.enabled:
        step = STEPS[AlarmKind.DISK]
        for name, disk in now.disks.items():
            found[Subject(AlarmKind.DISK, name)] = Trouble.of(AlarmKind.DISK, step, disk)
    return found


def _silence(rule: AlarmRule, report: InstrumentReport, now: Situation, *, is_open: bool) -> Trouble | None:
    """Silence counts from when the gateway began to listen; what was silent before stays so until a file comes."""
    if report.expected_s is None or report.silent_s is None or _is_held(report):
        return None
    heard_s = working_s(now.listening_since_ns, now.now_ns, rule.hours)
    silent_s = report.silent_s if is_open else min(report.silent_s, heard_s)
    if silent_s <= report.expected_s + rule.grace_s:
        return None
    told: Parameters = {"instrument": report.instrument, "silent_s": silent_s, "expected_s": report.expected_s}
    told |= {"condition": report.condition.value, "told": report.told}
    return Trouble.of(AlarmKind.SILENT, report.next_step or STEPS[AlarmKind.SILENT], told)


def _is_held(report: InstrumentReport) -> bool:
    return report.paused.active or report.draining is not None


def _failures(rule: AlarmRule, now: Situation) -> Parameters:
    return {"count": now.failures} if now.failures > rule.more_than else {}


def _backlog(rule: AlarmRule, now: Situation) -> Parameters:
    waited_s = 0.0 if now.oldest_ns is None else (now.now_ns - now.oldest_ns) / NS
    return {"waited_s": waited_s} if waited_s > 60 * rule.minutes else {}
