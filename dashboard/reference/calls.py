"""One call of the API as the page shows it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from dashboard.reference.samples import sample
from dashboard.reference.schemas import Field, Schemas, field_of, kind_of, members, resolved
from dashboard.shell import curl
from labrelay.http.described import ROLES

Operation = Mapping[str, Any]
JSON: Final = "application/json"
STREAM: Final = "text/event-stream"
COMMON: Final = frozenset({"422", "default"})
"""Answers of every call; the page tells of them once."""
SILENT: Final = "Successful Response"
"""FastAPI's words where a route has none of its own."""


@dataclass(frozen=True)
class Answer:
    """What may come back: the status, in words what it means, and the type of the body."""

    status: str
    about: str
    kind: str


@dataclass(frozen=True)
class Call:
    """One call.

    Attributes:
        operation: its own name among all services' calls.
        anchor: names it on the page.
        lead: its first sentence or line; `more`: the rest.
        roles: who may call it.
        body: the name of the body's type, empty without a body; `fields` are its members.
        result: the members of the answer's object, when all goes well.
        also: it is passed on by the integrator's address, too.
    """

    method: str
    path: str
    operation: str
    anchor: str
    tag: str
    lead: str
    more: str
    roles: tuple[str, ...]
    parameters: tuple[Field, ...]
    body: str
    fields: tuple[Field, ...]
    answers: tuple[Answer, ...]
    result: tuple[Field, ...]
    curl: str
    also: bool = False

    def has(self, words: str) -> bool:
        """Whether a text stands in what a reader looks for."""
        told = f"{self.method} {self.path} {self.tag} {self.lead} {self.more} {' '.join(self.roles)}".casefold()
        return all(word in told for word in words.casefold().split())


@dataclass(frozen=True)
class Place:
    """Where calls are made: the service's name and address, and whether it asks for a token."""

    service: str
    address: str
    token: bool
    schemas: Schemas


def call_of(place: Place, method: str, path: str, operation: Operation) -> Call:
    """One operation of an OpenAPI document."""
    lead, _, more = str(operation.get("description") or operation.get("summary", "")).partition("\n\n")
    kind, schema = _body(operation)
    shown = resolved(schema, place.schemas)
    return Call(
        method=method.upper(),
        path=path,
        operation=str(operation.get("operationId") or f"{method} {path}"),
        anchor=re.sub(r"[^a-z0-9]+", "-", f"{place.service}-{method}{path}".lower()).strip("-"),
        tag=str((operation.get("tags") or ["other"])[0]),
        lead=lead.replace("\n", " "),
        more=more,
        roles=tuple(operation.get(ROLES, ())),
        parameters=_parameters(operation, place.schemas),
        body=(kind_of(schema, place.schemas) if kind == JSON else kind) if kind else "",
        fields=members(shown, place.schemas),
        answers=_answers(operation, place.schemas),
        result=members(_result(operation, place.schemas), place.schemas),
        curl=_line(place, method.upper(), path, operation),
    )


def _parameters(operation: Operation, schemas: Schemas) -> tuple[Field, ...]:
    found = [
        field_of(
            each["name"],
            {"description": each.get("description", ""), **each.get("schema", {})},
            schemas,
            each["in"],
            required=bool(each.get("required")),
        )
        for each in operation.get("parameters", ())
    ]
    return tuple(sorted(found, key=lambda each: not each.required))


def _body(operation: Operation) -> tuple[str, Mapping[str, Any]]:
    content: Mapping[str, Any] = operation.get("requestBody", {}).get("content", {})
    kind = next(iter(content), "")
    return kind, content.get(kind, {}).get("schema", {})


def _answers(operation: Operation, schemas: Schemas) -> tuple[Answer, ...]:
    found = []
    for status, told in sorted(operation.get("responses", {}).items()):
        if status in COMMON:
            continue
        about = str(told.get("description", ""))
        found.append(Answer(status, "" if about == SILENT else about, _kind(told.get("content", {}), schemas)))
    return tuple(found)


def _kind(content: Mapping[str, Any], schemas: Schemas) -> str:
    media = next((each for each in content if each != JSON), next(iter(content), ""))
    if media != JSON:
        return media
    schema = content[media].get("schema", {})
    return kind_of(schema, schemas) if schema else "JSON"


def _result(operation: Operation, schemas: Schemas) -> Mapping[str, Any]:
    answers: Mapping[str, Any] = operation.get("responses", {})
    good: Mapping[str, Any] = next((told for status, told in answers.items() if status[0] == "2"), {})
    schema = good.get("content", {}).get(JSON, {}).get("schema", {})
    return resolved(schema, schemas)


def _line(place: Place, method: str, path: str, operation: Operation) -> str:
    url = place.address + re.sub(r"\{(\w+?)(_id)?\}", lambda part: part[1].upper(), path)
    needed = [each for each in operation.get("parameters", ()) if each.get("required")]
    query = "&".join(f"{quote(each['name'])}={each['name'].upper()}" for each in needed if each["in"] == "query")
    headers = [each["name"] for each in needed if each["in"] == "header"]
    kind, schema = _body(operation)
    options = [word for name in headers for word in ("-H", f"{name}: {name.upper()}")]
    options += ["-I"] if method == "HEAD" else []
    options += ["-N"] if STREAM in str(operation.get("responses", {}).get("200", {}).get("content", {})) else []
    options += ["-T", "FILE"] if kind and kind != JSON else []
    body = sample(schema, place.schemas) if kind == JSON else None
    asks = place.token and "anyone" not in operation.get(ROLES, ())
    sent = "GET" if method == "HEAD" else method
    return curl(f"{url}?{query}" if query else url, sent, body, token=asks, options=options)
