"""JSON schemas of the services' descriptions, in words."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from labrelay.words import _, ngettext

Schema = Mapping[str, Any]
Schemas = Mapping[str, Schema]
LIMIT: Final = 12
"""Values of an enumeration that are shown."""


@dataclass(frozen=True)
class Field:
    """One parameter, or one member of a body.

    Attributes:
        place: `path`, `query` or `header` of a parameter, else empty.
        kind: its type, as JSON calls it, or the name of an object.
        bounds: what is taken of that type, in words.
        preset: what holds when it is left out, as JSON; empty where nothing is said.
        about: in the description's own words.
    """

    name: str
    place: str
    kind: str
    bounds: tuple[str, ...]
    preset: str
    about: str
    required: bool


def resolved(schema: Schema, schemas: Schemas) -> Schema:
    """The schema that a reference leads to, one step far; what leads nowhere is empty."""
    name = named(schema)
    return schemas.get(name, {}) if name else schema


def named(schema: Schema) -> str:
    """The name of a referenced schema; empty where it isn't one."""
    return str(schema.get("$ref", "")).rpartition("/")[2]


def kind_of(schema: Schema, schemas: Schemas) -> str:
    """A type in a few words: `string`, `array of Job`, `integer or null`."""
    if name := named(schema):
        there = resolved(schema, schemas)
        return str(there.get("type", name)) if "enum" in there else name.removesuffix("-Output").removesuffix("-Input")
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(kind_of(each, schemas) for each in schema["anyOf"]))
    if schema.get("type") == "array" and schema.get("items"):
        return f"array of {kind_of(schema['items'], schemas)}"
    return str(schema.get("format") or schema.get("type") or "any")


def bounds_of(schema: Schema, schemas: Schemas) -> tuple[str, ...]:
    """What is taken: values, numbers, lengths and patterns, also of an array's items and of alternatives."""
    return tuple(dict.fromkeys(_bounds(schema, schemas)))


def _bounds(schema: Schema, schemas: Schemas) -> Iterator[str]:
    inner = [*schema.get("anyOf", ()), *([schema["items"]] if isinstance(schema.get("items"), Mapping) else ())]
    if named(schema) and "enum" in resolved(schema, schemas):
        yield from _values(resolved(schema, schemas))
    yield from _values(schema)
    yield from _numbers(schema)
    for each in inner:
        yield from _bounds(each, schemas)
    yield from _lengths(schema)


def _values(schema: Schema) -> Iterator[str]:
    if "const" in schema:
        yield _("always {value}").format(value=schema["const"])
    if values := [str(each) for each in schema.get("enum", ())]:
        shown = ", ".join(values[:LIMIT])
        rest = len(values) - LIMIT
        more = ngettext("{values} and {count} more", "{values} and {count} more", rest)
        yield _("one of {values}").format(values=more.format(values=shown, count=rest) if rest > 0 else shown)


def _numbers(schema: Schema) -> Iterator[str]:
    low, high = schema.get("minimum"), schema.get("maximum")
    if low is not None and high is not None:
        yield _("{low} to {high}").format(low=f"{low:,}", high=f"{high:,}")
    elif low is not None:
        yield _("at least {low}").format(low=f"{low:,}")
    elif high is not None:
        yield _("at most {high}").format(high=f"{high:,}")
    if (above := schema.get("exclusiveMinimum")) is not None:
        yield _("more than {low}").format(low=f"{above:,}")
    if (below := schema.get("exclusiveMaximum")) is not None:
        yield _("less than {high}").format(high=f"{below:,}")


def _lengths(schema: Schema) -> Iterator[str]:
    if (most := schema.get("maxLength")) is not None:
        low = schema.get("minLength", 0)
        words = _("{low} to {high} characters") if low else _("at most {high} characters")
        yield words.format(low=f"{low:,}", high=f"{most:,}")
    if (most := schema.get("maxItems")) is not None:
        low = schema.get("minItems", 0)
        words = _("{low} to {high} items") if low else _("at most {high} items")
        yield words.format(low=f"{low:,}", high=f"{most:,}")


def members(schema: Schema, schemas: Schemas, place: str = "") -> tuple[Field, ...]:
    """The members of an object, the required ones first."""
    needed: Sequence[str] = schema.get("required", ())
    found = [
        field_of(name, each, schemas, place, required=name in needed)
        for name, each in schema.get("properties", {}).items()
    ]
    return tuple(sorted(found, key=lambda each: not each.required))


def field_of(name: str, schema: Schema, schemas: Schemas, place: str = "", *, required: bool) -> Field:
    """One parameter or member."""
    preset = schema.get("default")
    told = "" if preset is None or preset in ("", [], {}) else json.dumps(preset, ensure_ascii=False)
    about = str(schema.get("description", ""))
    return Field(name, place, kind_of(schema, schemas), bounds_of(schema, schemas), told, about, required)
