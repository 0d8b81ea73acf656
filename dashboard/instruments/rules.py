"""What a form says of an alarm rule. Pure."""

from collections.abc import Mapping
from typing import Final

from pydantic import ValidationError

from labrelay.contracts.alarms import AlarmKind, AlarmRule
from labrelay.contracts.rhythm import DAYS, WorkingHours
from labrelay.errors import Unprocessable
from labrelay.words import N_, _

UNITS_S: Final = {"s": 1.0, "min": 60.0, "h": 3600.0, "d": 86_400.0}
UNIT_WORDS: Final = {"s": N_("seconds"), "min": N_("minutes"), "h": N_("hours"), "d": N_("days")}
DAY_WORDS: Final = {
    "mon": N_("Mon"),
    "tue": N_("Tue"),
    "wed": N_("Wed"),
    "thu": N_("Thu"),
    "fri": N_("Fri"),
    "sat": N_("Sat"),
    "sun": N_("Sun"),
}


class RuleUnclear(Unprocessable):
    """What was typed is no rule."""

    code = "rule_unclear"
    default_next_step = N_("Give whole numbers, times such as 08:00, and at least one day.")


def rule_of(form: Mapping[str, list[str]]) -> AlarmRule:
    """The rule that was typed.

    Raises:
        RuleUnclear: it is none.
    """
    try:
        return AlarmRule(
            kind=AlarmKind(_one(form, "kind")),
            instrument=_one(form, "instrument"),
            expected_s=_span_s(form, "expected"),
            grace_s=_span_s(form, "grace") or 600.0,
            hours=WorkingHours(
                begins=_one(form, "begins") or "00:00",
                ends=_one(form, "ends") or "00:00",
                days=tuple(day for day in DAYS if day in form.get("days", DAYS)),
            ),
            more_than=int(_one(form, "more_than") or 0),
            minutes=int(_one(form, "minutes") or 60),
        )
    except (ValidationError, ValueError, KeyError) as error:
        raise RuleUnclear(_("That can't be read as a rule.")) from error


def target_of(form: Mapping[str, list[str]]) -> tuple[AlarmKind, str]:
    """The kind and the instrument of the rule that is meant.

    Raises:
        RuleUnclear: there is no such kind.
    """
    try:
        return AlarmKind(_one(form, "kind")), _one(form, "instrument")
    except ValueError as error:
        raise RuleUnclear(_("That can't be read as a rule.")) from error


def typed_span(seconds: float | None) -> tuple[str, str]:
    """A span as a number and its unit, the largest that it is a whole number of."""
    if seconds is None:
        return "", "min"
    unit = next((unit for unit in ("d", "h", "min") if seconds % UNITS_S[unit] == 0), "s")
    return f"{seconds / UNITS_S[unit]:g}", unit


def _one(form: Mapping[str, list[str]], name: str) -> str:
    return (form.get(name) or [""])[-1].strip()


def _span_s(form: Mapping[str, list[str]], name: str) -> float | None:
    text = _one(form, name)
    return float(text.replace(",", ".")) * UNITS_S[_one(form, f"{name}_unit") or "min"] if text else None
