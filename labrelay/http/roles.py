"""Who may call a route. A route that says nothing answers only to labrelay's own services."""

from collections.abc import Callable
from typing import Any, Final, TypeVar

from labrelay.access.roles import Role as Role

Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])

_ATTRIBUTE: Final = "__labrelay_roles__"


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
