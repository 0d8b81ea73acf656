"""Values that could be sent, for a command that somebody copies and then fills in."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from dashboard.reference.schemas import Schema, Schemas, resolved

DEEPEST: Final = 3
"""Objects in objects; a schema may name itself."""


def sample(schema: Schema, schemas: Schemas, depth: int = 0) -> Any:
    """A value of this schema: its example, its only or first value, else the smallest of its type."""
    schema = resolved(schema, schemas)
    for given in (schema.get("examples"), [schema["const"]] if "const" in schema else None, schema.get("enum")):
        if given:
            return given[0]
    if "anyOf" in schema:
        return sample(schema["anyOf"][0], schemas, depth)
    if "default" in schema:
        return schema["default"]
    make = BY_TYPE.get(str(schema.get("type")), _text)
    return make(schema, schemas, depth)


def _object(schema: Schema, schemas: Schemas, depth: int) -> dict[str, Any]:
    if depth >= DEEPEST:
        return {}
    members: Mapping[str, Schema] = schema.get("properties", {})
    return {name: sample(members.get(name, {}), schemas, depth + 1) for name in schema.get("required", ())}


def _list(schema: Schema, schemas: Schemas, depth: int) -> list[Any]:
    return [sample(schema.get("items", {}), schemas, depth + 1)] if depth < DEEPEST else []


def _number(schema: Schema, _: Schemas, __: int) -> Any:
    above = schema.get("exclusiveMinimum")
    return above + 1 if above is not None else schema.get("minimum", 0)


def _text(_: Schema, __: Schemas, ___: int) -> Any:
    return "…"


def _yes(_: Schema, __: Schemas, ___: int) -> Any:
    return True


def _nothing(_: Schema, __: Schemas, ___: int) -> Any:
    return None


BY_TYPE: Final[dict[str, Callable[[Schema, Schemas, int], Any]]] = {
    "object": _object,
    "array": _list,
    "integer": _number,
    "number": _number,
    "boolean": _yes,
    "null": _nothing,
}
