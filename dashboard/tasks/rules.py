"""A task's rule as lines of a form, and as the JSONLogic that stands for it. What no form can say stays JSONLogic."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from labrelay.words import N_

NAME: Final = "InputFile.Name"
FOLDER: Final = "InputFile.DirName"
HOST: Final = "InputFile.Hostname"
ATTRIBUTE: Final = "InputFile.Attributes."
FIELDS: Final = {NAME: N_("Name of the file"), FOLDER: N_("Folder of the file"), HOST: N_("Instrument's PC")}
"""What a line may ask of besides attributes, as AiCSD names it (`aicsd-wire.md`, Job)."""

CONTAINS, LACKS, IS, IS_NOT = "contains", "lacks", "is", "is_not"
OPERATORS: Final = {
    CONTAINS: N_("contains"),
    LACKS: N_("doesn't contain"),
    IS: N_("is"),
    IS_NOT: N_("isn't"),
}
JOINS: Final = {"and": N_("all of these"), "or": N_("any of these")}


@dataclass(frozen=True)
class Line:
    """One condition; `field` is a key of `FIELDS`, or `ATTRIBUTE` and an attribute's name."""

    field: str
    operator: str
    value: str


@dataclass(frozen=True)
class Rule:
    """Conditions that must all hold (`and`), or one of them (`or`); none at all takes every file."""

    join: str = "and"
    lines: tuple[Line, ...] = ()


def selector_of(rule: Rule) -> Any:
    """The JSONLogic of a rule."""
    conditions = [_condition(line) for line in rule.lines]
    if not conditions:
        return True
    return conditions[0] if len(conditions) == 1 else {rule.join: conditions}


def rule_of(selector: Any) -> Rule | None:
    """The rule that a selector stands for; None for what the form can't say."""
    if selector is True:
        return Rule()
    if (line := _line(selector)) is not None:
        return Rule("and", (line,))
    if not isinstance(selector, dict) or len(selector) != 1:
        return None
    ((join, conditions),) = selector.items()
    if join not in JOINS or not isinstance(conditions, list) or len(conditions) < 2:
        return None
    lines = [_line(each) for each in conditions]
    return None if None in lines else Rule(join, tuple(line for line in lines if line is not None))


def rule_in(form: Mapping[str, list[str]]) -> Rule:
    """The rule that a form posted; lines without a value are left out."""
    rows = zip(form.get("field", []), form.get("operator", []), form.get("value", []), strict=False)
    lines = [Line(_field(field), operator, value) for field, operator, value in rows if value and _field(field)]
    join = (form.get("join") or ["and"])[-1]
    return Rule(join if join in JOINS else "and", tuple(line for line in lines if line.operator in OPERATORS))


def _field(given: str) -> str:
    """A field's own name; any other text is an attribute's."""
    given = given.strip()
    return given if given in FIELDS or given.startswith(ATTRIBUTE) or not given else f"{ATTRIBUTE}{given}"


def _condition(line: Line) -> dict[str, Any]:
    asked = {"var": line.field}
    positive = {"in": [line.value, asked]} if line.operator in (CONTAINS, LACKS) else {"==": [asked, line.value]}
    return {"!": [positive]} if line.operator in (LACKS, IS_NOT) else positive


def _line(condition: Any) -> Line | None:
    if not isinstance(condition, dict) or len(condition) != 1:
        return None
    ((word, given),) = condition.items()
    if word == "!":
        inner = _line(given[0] if isinstance(given, list) and len(given) == 1 else given)
        negative = {CONTAINS: LACKS, IS: IS_NOT}
        return (
            Line(inner.field, negative[inner.operator], inner.value) if inner and inner.operator in negative else None
        )
    return _positive(word, given)


def _positive(word: str, given: Any) -> Line | None:
    if word not in ("in", "==") or not isinstance(given, list) or len(given) != 2:
        return None
    asked, value = (given[1], given[0]) if word == "in" else (given[0], given[1])
    field = asked.get("var") if isinstance(asked, dict) and len(asked) == 1 else None
    known = isinstance(field, str) and (field in FIELDS or field.startswith(ATTRIBUTE))
    if not known or not isinstance(value, str) or not value:
        return None
    return Line(str(field), CONTAINS if word == "in" else IS, value)
