"""A task as the editor holds it: from what is stored, or from what a person typed."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from pydantic import ValidationError

from dashboard.tasks.rules import Rule, rule_in, rule_of, selector_of
from labrelay.contracts.tasks import Task, TaskDraft
from labrelay.errors import RequestRefused
from labrelay.words import _

SPARE_LINES: Final = 2
BY_FORM, BY_HAND = "form", "raw"
ASKED: Final = (
    *("description", "pipeline", "parameters", "result_folder"),
    *("order", "also", "enabled", "processing_deadline_s"),
)
"""What the editor asks besides the rule; a box that isn't ticked isn't posted."""
NEW: Final = {"description": "", "selector": True, "pipeline": "", "parameters": {}}


@dataclass(frozen=True)
class Typed:
    """What stands in the editor's fields, right or wrong.

    Attributes:
        source: which of both, form or raw selector, is meant.
        rule: the form's lines; None when the raw selector says more than a form can.
        fields: the other members of the task, as texts.
        base: the stored task whose members that the editor doesn't show are kept.
    """

    source: str
    rule: Rule | None
    raw: str
    fields: dict[str, str]
    base: dict[str, Any]

    def draft(self) -> TaskDraft:
        """The task that is meant.

        Raises:
            RequestRefused: something in it can't be read.
        """
        told = {**self.base, "selector": self._selector(), **self._members()}
        try:
            return TaskDraft.model_validate(told)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"])
            raise RequestRefused(f"{where}: {first['msg']}", next_step=_("Correct that field.")) from error

    def _selector(self) -> Any:
        if self.source == BY_FORM:
            return selector_of(self.rule or Rule())
        try:
            return json.loads(self.raw)
        except ValueError as error:
            step = _("Correct the selector, or use the form.")
            raise RequestRefused(_("The selector isn't JSON: {error}.").format(error=error), next_step=step) from error

    def _members(self) -> dict[str, Any]:
        deadline = self.fields.get("processing_deadline_s", "")
        return {
            "description": self.fields.get("description", ""),
            "pipeline": self.fields.get("pipeline", ""),
            "parameters": parameters_in(self.fields.get("parameters", "")),
            "result_folder": self.fields.get("result_folder", ""),
            "order": self.fields.get("order", "") or 100,
            "also": bool(self.fields.get("also")),
            "enabled": bool(self.fields.get("enabled")),
            "processing_deadline_s": deadline or None,
        }


def typed_of(task: Task | None) -> Typed:
    """What the editor shows of a stored task, or of a new one."""
    draft = TaskDraft.model_validate(task.model_dump(include=set(TaskDraft.model_fields))) if task else None
    told: dict[str, Any] = draft.model_dump(mode="json") if draft else {**NEW, "order": 100, "enabled": True}
    rule = rule_of(told["selector"])
    fields = {name: str(told.get(name) or "") for name in ("description", "pipeline", "result_folder", "order")}
    fields |= {name: "yes" if told.get(name) else "" for name in ("also", "enabled")}
    fields["parameters"] = "\n".join(f"{name}={value}" for name, value in told["parameters"].items())
    fields["processing_deadline_s"] = str(told.get("processing_deadline_s") or "")
    raw = json.dumps(told["selector"], indent=1, ensure_ascii=False)
    return Typed(BY_HAND if rule is None else BY_FORM, rule, raw, fields, told if draft else {})


def typed_in(form: Mapping[str, list[str]], base: Task | None) -> Typed:
    """What a person typed, over a stored task."""
    fields = {**dict.fromkeys(ASKED, ""), **{name: values[-1] for name, values in form.items() if values}}
    source = BY_HAND if fields.get("source") == BY_HAND else BY_FORM
    return Typed(source, rule_in(form), fields.get("selector", ""), fields, typed_of(base).base)


def parameters_in(text: str) -> dict[str, str]:
    """Parameters as they are typed: `name=value`, one a line.

    Raises:
        RequestRefused: a part has no `=`.
    """
    parts = [part.strip() for part in text.splitlines() if part.strip()]
    if wrong := [part for part in parts if part.find("=") < 1]:
        step = _("Write each parameter in a line of its own, as name=value.")
        raise RequestRefused(_("{part} is no parameter.").format(part=repr(wrong[0])), next_step=step)
    return {name: value for name, _sign, value in (part.partition("=") for part in parts)}
