"""Who may call a route. A route that says nothing answers only to labrelay's own services."""

from collections.abc import Callable
from enum import StrEnum
from typing import Any, Final, TypeVar

Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])

_ATTRIBUTE: Final = "__labrelay_roles__"


class Role(StrEnum):
    """What a caller may do.

    Attributes:
        VIEWER: look at everything.
        OPERATOR: also retry, cancel, pause; is a viewer too.
        ADMIN: also tasks, models, tokens, retention; is an operator too.
        INSTRUMENT: one OEM side; sees and sends what is its own.
        PIPELINE: one pipeline's workers.
        SERVICE: labrelay's own services and its command on the same machine; may call everything.
        ANYONE: no token is needed (health, and callbacks that carry their own capability).
    """

    VIEWER = "viewer"
    OPERATOR = "operator"
    ADMIN = "admin"
    INSTRUMENT = "instrument"
    PIPELINE = "pipeline"
    SERVICE = "service"
    ANYONE = "anyone"


def allow(*roles: Role) -> Callable[[Endpoint], Endpoint]:
    """Say below a route's decorator who may call it; a higher role includes the lower ones."""

    def mark(endpoint: Endpoint) -> Endpoint:
        setattr(endpoint, _ATTRIBUTE, frozenset(roles))
        return endpoint

    return mark


def allowed(endpoint: Callable[..., Any]) -> frozenset[Role]:
    """The roles that `allow` named; empty where nothing was said."""
    roles: frozenset[Role] = getattr(endpoint, _ATTRIBUTE, frozenset())
    return roles
