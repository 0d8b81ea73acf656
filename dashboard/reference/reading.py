"""The services' own OpenAPI descriptions, without what only services say to each other."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from dashboard.reference.calls import Call, Place, call_of
from dashboard.reference.services import Service
from labrelay.errors import LabrelayError
from labrelay.front import DOCUMENT, OWN
from labrelay.http import Client
from labrelay.http.described import ROLES
from labrelay.settings import Settings

READ_S: Final = 15.0
"""The first description takes a busy gateway a while; it is kept after that."""
FRONT: Final = "data_organizer_gateway"
EDGE: Final = "/edge/"
INSIDE: Final = ["service"]
"""Roles of a call that only services make among themselves."""
Document = dict[str, Any]


@dataclass(frozen=True)
class Described:
    """A service with its description; `trouble` says why there is none."""

    service: Service
    address: str
    document: Document
    trouble: str = ""


@dataclass(frozen=True)
class Chapter:
    """A service with its calls by tag, those first that the document names first."""

    described: Described
    tags: Mapping[str, tuple[Call, ...]]

    @property
    def count(self) -> int:
        """How many calls it has."""
        return sum(map(len, self.tags.values()))


@dataclass(frozen=True)
class Reference:
    """All that the page shows; `everywhere` are the calls that every service answers alike."""

    chapters: tuple[Chapter, ...]
    everywhere: tuple[Call, ...]

    @property
    def count(self) -> int:
        """How many calls there are."""
        return sum(each.count for each in self.chapters) + len(self.everywhere)


def describe(settings: Settings, service: Service) -> Described:
    """Ask one service what it offers; one that doesn't answer is no error."""
    client = Client.of(settings, service.port, read_s=READ_S, retries=0)
    try:
        return Described(service, client.base_url, public(client.get(DOCUMENT)))
    except LabrelayError as error:
        return Described(service, client.base_url, {}, error.cause)


def public(document: Document) -> Document:
    """A description without the calls that only labrelay's services make."""
    kept = {
        path: {method: each for method, each in operations.items() if each.get(ROLES) != INSIDE}
        for path, operations in document["paths"].items()
    }
    return {**document, "paths": {path: operations for path, operations in kept.items() if operations}}


def reference_of(found: Iterable[Described], edge: str, words: str = "", *, token: bool) -> Reference:
    """All calls that hold these words, each once.

    Args:
        found: the services, the one that passes calls on among them.
        edge: where instruments' sides call.
        words: what a reader looks for; all of them must be there.
        token: whether the gateway asks for one.
    """
    read = [(each, _calls(each, edge, token=token)) for each in found]
    passed = {each.operation for one, calls in read if one.service.port == FRONT for each in calls}
    others = {each.operation for one, calls in read if one.service.port != FRONT for each in calls}
    everywhere = {each.path: each for _, calls in reversed(read) for each in calls if each.path in OWN}
    chapters = []
    for one, calls in read:
        shown = [each for each in calls if each.path not in OWN and each.has(words)]
        if one.service.port == FRONT:
            shown = [each for each in shown if each.operation not in others]
        else:
            shown = [replace(each, also=each.operation in passed) for each in shown]
        chapters.append(Chapter(one, _by_tag(shown)))
    return Reference(tuple(chapters), tuple(each for each in everywhere.values() if each.has(words)))


def _calls(described: Described, edge: str, *, token: bool) -> list[Call]:
    document = described.document
    schemas = document.get("components", {}).get("schemas", {})
    own = Place(described.service.port, described.address, token, schemas)
    return [
        call_of(replace(own, address=edge) if path.startswith(EDGE) else own, method, path, operation)
        for path, operations in document.get("paths", {}).items()
        for method, operation in operations.items()
    ]


def _by_tag(calls: Iterable[Call]) -> dict[str, tuple[Call, ...]]:
    tags: dict[str, tuple[Call, ...]] = {}
    for each in calls:
        tags[each.tag] = (*tags.get(each.tag, ()), each)
    return tags
