"""Attributes from a file's name, exactly as AiCSD's parser reads them (its `pkg/types/parser.go`).

Each rule's `id` is a regular expression (AiCSD pastes it unescaped), case-sensitive; the first hit in the name wins.
"""

from collections.abc import Mapping
from typing import Final

import regex

from labrelay.plates.bounded import Bounded
from labrelay.settings.model import AttributeRule

_FORMS: Final = {
    "bool": "[^a-z](?:{id})[^a-z]",
    "int": "(?:{id})0*(?P<labrelay_value>[0-9]+)",
    "string": r"(?:{id})\W(?P<labrelay_value>[a-z]+)",
}
"""A string's separator is a non-word character: `_` isn't one, and capitals or digits end the value."""


class AttributeParser:
    """The rules of `oem.attributes`, compiled.

    Args:
        rules: by the attribute's name.

    Raises:
        SettingsInvalid: an `id` is not a regular expression.
    """

    def __init__(self, rules: Mapping[str, AttributeRule]) -> None:
        self._rules = {name: (rule.type, _compiled(name, rule)) for name, rule in rules.items()}

    def parse(self, name: str) -> dict[str, str]:
        """The attributes that a file name holds; `bool` is always there, the others only when they are found.

        Raises:
            PatternTooSlow: a rule's search was given up.
        """
        found: dict[str, str] = {}
        for attribute, (kind, expression) in self._rules.items():
            hit = expression.search(f"-{name}" if kind == "bool" else name)
            if kind == "bool":
                found[attribute] = "true" if hit else "false"
            elif hit:
                found[attribute] = hit["labrelay_value"]
        return found


def _compiled(name: str, rule: AttributeRule) -> Bounded:
    return Bounded(_FORMS[rule.type].replace("{id}", rule.id), f"oem.attributes.{name}.id", regex.ASCII)
