"""What a caller may do."""

from collections.abc import Collection
from enum import StrEnum
from typing import Final


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


PERSONS: Final = (Role.VIEWER, Role.OPERATOR, Role.ADMIN)
"""Roles of people; each includes those before it."""


def suffices(role: Role, allowed: Collection[Role]) -> bool:
    """Whether a caller of this role may do what is allowed to those roles."""
    if role is Role.SERVICE or role in allowed:
        return True
    return role in PERSONS and any(each in allowed for each in PERSONS[: PERSONS.index(role)])
