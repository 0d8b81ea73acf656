"""What an OpenAPI description says beside FastAPI's own words: who may call, and how errors look."""

import re
from collections.abc import Callable
from typing import Any, Final

from fastapi import FastAPI

from labrelay.http.endpoints import entries_of
from labrelay.http.roles import Role

ROLES: Final = "x-roles"
"""Member of each operation: the roles that may call it, in the order of `Role`."""
PROBLEM: Final[dict[str, Any]] = {
    "title": "Problem",
    "type": "object",
    "description": "What went wrong, why, and what to do next (RFC 9457); some errors have further members.",
    "required": ["type", "title", "status", "detail", "code", "cause", "next_step", "retryable"],
    "properties": {
        "type": {"type": "string", "const": "about:blank"},
        "title": {"type": "string", "description": "The code in words"},
        "status": {"type": "integer", "description": "As the answer's own"},
        "detail": {"type": "string", "description": "As `cause`"},
        "code": {"type": "string", "description": "Stays the same between versions"},
        "cause": {"type": "string", "description": "Why, in words for people"},
        "next_step": {"type": "string", "description": "What to do now, in the language of `Accept-Language`"},
        "retryable": {"type": "boolean", "description": "The same call may succeed later"},
    },
}
_ANSWER: Final = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
_AICSD: Final = "/api/v1/"
"""Its errors are AiCSD's texts."""
_ACTOR: Final = "x-labrelay-actor"
_ACTING: Final = "The name that goes on record; a person's token tells it better"


def describe(app: FastAPI) -> None:
    """Let an app's description name the roles of each call (`x-roles`) and the document of its errors."""
    plain: Callable[[], dict[str, Any]] = app.openapi

    def told() -> dict[str, Any]:
        if app.openapi_schema is None:
            _complete(plain(), app)
        return plain()

    app.openapi = told  # type: ignore[method-assign]


def _complete(document: dict[str, Any], app: FastAPI) -> None:
    roles = _roles(app)
    document.setdefault("components", {}).setdefault("schemas", {})["Problem"] = PROBLEM
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            operation[ROLES] = roles[method.upper(), path]
            for parameter in operation.get("parameters", ()):
                if parameter["name"].lower() == _ACTOR:
                    parameter.setdefault("description", _ACTING)
            if not path.startswith(_AICSD):
                _tell_errors(operation["responses"])


def _roles(app: FastAPI) -> dict[tuple[str, str], list[str]]:
    found: dict[tuple[str, str], list[str]] = {}
    for entry in entries_of(app):
        path = re.sub(r"\{(\w+):\w+\}", r"{\1}", entry.path)
        for method in entry.methods or ():
            found.setdefault((method, path), [role.value for role in Role if role in entry.roles])
    return found


def _tell_errors(responses: dict[str, Any]) -> None:
    if "422" in responses and "HTTPValidationError" in str(responses["422"]):
        responses["422"] = {"description": "A part of the call isn't as it is described here", "content": _ANSWER}
    for status, answer in responses.items():
        if status >= "400" and status.isdecimal():
            answer.setdefault("content", _ANSWER)
    responses.setdefault("default", {"description": "Every other error", "content": _ANSWER})
