"""What people are told of sets: what is waited for, and why a member failed."""

from collections.abc import Sequence
from typing import Final

from job_repository.sets.problems import SetFailed, SetIncomplete, SetLate, SetUnexpected
from labrelay.contracts.attributes import wire_texts
from labrelay.contracts.jobs import Failure, Job
from labrelay.contracts.states import Owner
from labrelay.contracts.tasks import GroupRule

MINUTE_S: Final = 60.0


def incomplete(job: Job, rule: GroupRule, missing: Sequence[str], came: int) -> Failure:
    """The set's deadline passed."""
    what = counted(rule.over, missing) if missing else f"Only {came} of {rule.expect} {plural(rule.over)}"
    verb = "didn't come" if missing else "came"
    cause = f"{capital(what)} of {place(job, rule)} {verb} within {span(rule.deadline_s)}."
    return Failure.of(SetIncomplete(cause), Owner.TASK_LAUNCHER)


def late(job: Job, rule: GroupRule, lead: Job) -> Failure:
    """The set was worked on without this member."""
    cause = f"The set of {place(job, rule)} was worked on before this file came."
    next_step = f"Reprocess the job of {lead.source.path} ({lead.id}): it takes this file in."
    return Failure.of(SetLate(cause, next_step=next_step), Owner.TASK_LAUNCHER)


def unexpected(job: Job, rule: GroupRule) -> Failure:
    """The rule asks for no member with this value."""
    value = wire_texts(job.source.attributes).get(rule.over)
    has = f"its {rule.over} is {value}" if value is not None else f"it has no {rule.over}"
    asked = f", and the task waits for {counted(rule.over, rule.expected)}" if rule.expected else ""
    return Failure.of(SetUnexpected(f"The file belongs to no set: {has}{asked}."), Owner.TASK_LAUNCHER)


def replaced(newer: Job, rule: GroupRule) -> str:
    """Another capture counts."""
    value = wire_texts(newer.source.attributes).get(rule.over, "")
    return f"A newer file counts as {rule.over} {value} of {place(newer, rule)}: {newer.source.path}."


def failed_with(lead: Job) -> Failure | None:
    """The end of a member whose lead didn't complete."""
    told = lead.failure
    if told is None or told.code == "cancelled":
        return told
    cause = f"The set of this file failed with {lead.source.path}: {told.cause}"
    return told.model_copy(update={"code": SetFailed.code, "cause": cause})


def waits(job: Job, rule: GroupRule, missing: Sequence[str], came: int, left_s: float) -> str:
    """What a job waits for that isn't in a set yet."""
    what = counted(rule.over, missing) if missing else f"all {rule.expect} {plural(rule.over)} ({came} came)"
    then = "runs without them" if rule.incomplete == "run" else "fails"
    return f"Waits for {what} of {place(job, rule)}, at most {span(max(left_s, 0.0))} longer; then the set {then}."


def counted(name: str, values: Sequence[str]) -> str:
    """`channel 3`, `channels 1, 2 and 3`."""
    if len(values) < 2:
        return f"{name} {''.join(values)}"
    return f"{plural(name)} {', '.join(values[:-1])} and {values[-1]}"


def plural(name: str) -> str:
    """Good enough for names of attributes."""
    return name if name.endswith("s") else f"{name}s"


def place(job: Job, rule: GroupRule) -> str:
    """`plate P1, well A01, field 2`: what the members share, as far as they have it."""
    texts = wire_texts(job.source.attributes)
    return ", ".join(f"{name} {texts[name]}" for name in rule.by if name in texts) or f"folder {job.source.folder}"


def span(seconds: float) -> str:
    """`45 seconds`, `10 minutes`."""
    count, unit = (seconds / MINUTE_S, "minute") if seconds >= MINUTE_S else (seconds, "second")
    number = f"{round(count, 1):g}"
    return f"{number} {unit}{'' if number == '1' else 's'}"


def capital(text: str) -> str:
    """With a first capital letter, the rest as it is."""
    return text[:1].upper() + text[1:]
