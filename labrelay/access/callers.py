"""Who calls, as the door let them in."""

from dataclasses import dataclass
from typing import Final

from labrelay.access.roles import PERSONS, Role, suffices
from labrelay.errors import AccessDenied


@dataclass(frozen=True)
class Caller:
    """Who calls.

    Attributes:
        role: what the caller may do.
        subject: the instrument, the pipeline's topic or the person; empty for services.
        token: the token's id, empty without one.
        local: the call comes from this machine, and not through a proxy.
    """

    role: Role
    subject: str = ""
    token: str = ""
    local: bool = False

    @property
    def is_person(self) -> bool:
        """Whether it is a person, whose name then stands on record instead of any that the call claims."""
        return self.role in PERSONS

    @property
    def may_act(self) -> bool:
        """Whether it may retry, cancel and pause: pages show buttons that work, and no others."""
        return suffices(self.role, (Role.OPERATOR,))

    @property
    def may_change_tasks(self) -> bool:
        """Whether it may change tasks, models and settings."""
        return suffices(self.role, (Role.ADMIN,))

    def actor(self, claimed: str) -> str:
        """The name that goes on record for what is done now."""
        return self.subject if self.is_person else claimed

    def instrument(self, claimed: str | None) -> str | None:
        """The instrument that a call is about: an instrument's own, whatever it says or leaves out."""
        return self.subject if self.role is Role.INSTRUMENT else claimed

    def check_instrument(self, instrument: str) -> None:
        """An instrument touches only what is its own; others may touch every instrument's.

        Raises:
            AccessDenied: it is another instrument's.
        """
        if self.role is Role.INSTRUMENT and instrument != self.subject:
            raise AccessDenied(f"This token is the instrument {self.subject!r}'s; that belongs to another one.")

    def check_pipeline(self, topic: str) -> None:
        """A pipeline takes only launches of its own topic.

        Raises:
            AccessDenied: it is another pipeline's.
        """
        if self.role is Role.PIPELINE and topic != self.subject:
            raise AccessDenied(f"This token is the pipeline {self.subject!r}'s; that belongs to another one.")


LOCAL: Final = Caller(Role.SERVICE)
"""Whoever calls where no tokens are asked for."""
