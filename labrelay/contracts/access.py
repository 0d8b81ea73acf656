"""Tokens as the job repository gives them out and tells of them."""

from typing import Annotated, Final, Literal

from pydantic import Field, StringConstraints, TypeAdapter, ValidationError, model_validator

from labrelay.access.roles import Role
from labrelay.contracts.base import Contract, Digest
from labrelay.contracts.captures import InstrumentId
from labrelay.contracts.tasks import Topic

GivenRole = Literal[Role.VIEWER, Role.OPERATOR, Role.ADMIN, Role.INSTRUMENT, Role.PIPELINE]
TokenId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{12}$")]
Subject = Annotated[str, StringConstraints(min_length=1, max_length=128, pattern=r"^[\x20-\x7e\xa0-\xff]*$")]
"""A name that an HTTP header can carry."""
_FORMS: Final = {Role.INSTRUMENT: TypeAdapter(InstrumentId), Role.PIPELINE: TypeAdapter(Topic)}


class TokenDraft(Contract):
    """A token to be made.

    Attributes:
        role: what its holder may do.
        subject: the instrument, the pipeline's topic or the person that holds it.
        days: how long it holds; None: until it is revoked.
        replace: revoke the earlier tokens of the same role and subject.
    """

    role: GivenRole
    subject: Subject
    days: Annotated[float, Field(gt=0, le=36_500)] | None = None
    replace: bool = False

    @model_validator(mode="after")
    def _named(self) -> "TokenDraft":
        form = _FORMS.get(self.role)
        try:
            if form is not None:
                form.validate_python(self.subject)
        except ValidationError as error:
            raise ValueError(f"no {self.role} can be called {self.subject!r}") from error
        return self


class Token(Contract):
    """A token as it is listed; times in nanoseconds since 1970, `used_ns` to the minute."""

    id: TokenId
    role: GivenRole
    subject: str
    created_ns: int
    created_by: str
    expires_ns: int | None = None
    used_ns: int | None = None
    revoked_ns: int | None = None
    revoked_by: str = ""

    def holds(self, now_ns: int) -> bool:
        """Whether it is good at a time."""
        return self.revoked_ns is None and (self.expires_ns is None or now_ns < self.expires_ns)


class NewToken(Contract):
    """A token just made, with its text, which is told this once and kept nowhere."""

    token: Token
    text: str


class KnownToken(Contract):
    """A token that holds, as services check it."""

    id: TokenId
    sha256: Digest
    role: GivenRole
    subject: str
    expires_ns: int | None = None


class Roll(Contract):
    """All tokens that hold now."""

    tokens: tuple[KnownToken, ...]


class Uses(Contract):
    """When tokens were last used, by id, in nanoseconds since 1970."""

    used: dict[TokenId, int] = {}
