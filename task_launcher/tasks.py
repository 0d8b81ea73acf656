"""Tasks as people write them: checked here, kept by the job repository."""

from collections.abc import Iterator
from typing import Any, Final
from uuid import uuid4

from labrelay.contracts.tasks import Task, TaskDraft
from labrelay.http.client import Client
from labrelay.matching import selector_data
from labrelay.measured import TooMuch, check_measure
from labrelay.selectors import OPERATIONS, SelectorInvalid, selects

CONTROL: Final = frozenset({"if", "?:", "and", "or", "filter", "map", "reduce", "all", "none", "some"})
"""Operators that the JSONLogic library evaluates itself."""

ATTRIBUTES: Final = "InputFile.Attributes."
KEY_HEADER: Final = "Idempotency-Key"
ACTOR_HEADER: Final = "X-Labrelay-Actor"
LOCAL: Final = "local"


class Tasks:
    """The repository's task store behind the selector check.

    Every call raises `ServiceUnavailable` while the repository doesn't answer.
    """

    def __init__(self, client: Client) -> None:
        self._client = client

    def all(self) -> list[Task]:
        """Every task, disabled ones too."""
        return [Task.model_validate(row) for row in self._client.get("/api/v2/tasks")["items"]]

    def one(self, task_id: str) -> Task:
        """One task.

        Raises:
            NotFound: no task has this id.
        """
        return Task.model_validate(self._client.get(f"/api/v2/tasks/{task_id}"))

    def create(self, draft: TaskDraft, actor: str = LOCAL, key: str = "") -> Task:
        """Store a new task; `actor` is who stands in the record for it, `key` is that of the call and its repetitions.

        Raises:
            SelectorInvalid: its selector can't be evaluated.
        """
        check_selector(draft.selector)
        body, headers = draft.model_dump(mode="json"), {ACTOR_HEADER: actor, KEY_HEADER: key or str(uuid4())}
        return Task.model_validate(self._client.post("/api/v2/tasks", body, headers=headers))

    def replace(self, task_id: str, draft: TaskDraft, actor: str = LOCAL, if_match: str = "") -> Task:
        """Make a new version of a task.

        Args:
            task_id: which one.
            draft: all of its new content.
            actor: who stands in the record for it.
            if_match: ETag of the version that is replaced; empty for any.

        Raises:
            SelectorInvalid: its selector can't be evaluated.
            NotFound: no task has this id.
            Conflict: another version stands there.
        """
        check_selector(draft.selector)
        headers = {ACTOR_HEADER: actor, **({"If-Match": if_match} if if_match else {})}
        body = draft.model_dump(mode="json")
        return Task.model_validate(self._client.put(f"/api/v2/tasks/{task_id}", body, headers=headers))

    def delete(self, task_id: str, actor: str = LOCAL) -> None:
        """Remove a task; jobs that it took already keep their frozen copy.

        Raises:
            NotFound: no task has this id.
        """
        self._client.delete(f"/api/v2/tasks/{task_id}", headers={ACTOR_HEADER: actor})


def check_selector(selector: Any) -> None:
    """Try a selector on a sample capture, once without attributes and once with all that it names.

    Raises:
        SelectorInvalid: unknown operator, wrong arguments, or an answer that isn't true or false.
    """
    try:
        check_measure(selector)
    except TooMuch as error:
        raise SelectorInvalid(f"The selector can't be taken: {error}.") from error
    for operator in _operators(selector):
        if operator not in OPERATIONS and operator not in CONTROL:
            raise SelectorInvalid(f"The selector uses the operator {operator!r}, which JSONLogic doesn't have.")
    for attributes in ({}, dict.fromkeys(_attributes(selector), "1")):
        selects(selector, selector_data("sample_A01.tiff", "oem", "/input/", attributes))


def _nodes(selector: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(selector, list):
        for element in selector:
            yield from _nodes(element)
    elif isinstance(selector, dict) and len(selector) == 1:
        ((operator, arguments),) = selector.items()
        yield operator, arguments
        yield from _nodes(arguments)


def _operators(selector: Any) -> Iterator[str]:
    return (operator for operator, _ in _nodes(selector))


def _attributes(selector: Any) -> Iterator[str]:
    for operator, arguments in _nodes(selector):
        name = arguments[0] if isinstance(arguments, list) and arguments else arguments
        if operator == "var" and isinstance(name, str) and name.startswith(ATTRIBUTES):
            yield name.removeprefix(ATTRIBUTES)
