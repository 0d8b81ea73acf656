"""Tokens for commands: through the API of a gateway that runs, else straight on its record."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Protocol

from labrelay import supervisor
from labrelay.cli.pause import user
from labrelay.contracts.access import NewToken, Token, TokenDraft
from labrelay.errors import ServiceUnavailable
from labrelay.http.client import Client
from labrelay.settings import Settings


class TokenStore(Protocol):
    """What can be done with tokens."""

    def create(self, draft: TokenDraft, actor: str) -> NewToken:
        """Make one."""

    def all(self) -> list[Token]:
        """Every one that was given out."""

    def revoke(self, token_id: str, actor: str) -> Token:
        """End one."""


class Served:
    """The tokens of a gateway that runs here, called with its service key."""

    def __init__(self, repository: Client) -> None:
        self._repository = repository

    def create(self, draft: TokenDraft, actor: str) -> NewToken:
        """Make one."""
        body, headers = draft.model_dump(mode="json"), {"X-Labrelay-Actor": actor}
        return NewToken.model_validate(self._repository.post("/api/v2/tokens", body, headers=headers))

    def all(self) -> list[Token]:
        """Every one that was given out."""
        return [Token.model_validate(each) for each in self._repository.get("/api/v2/tokens")["items"]]

    def revoke(self, token_id: str, actor: str) -> Token:
        """End one."""
        answer = self._repository.request("DELETE", f"/api/v2/tokens/{token_id}", headers={"X-Labrelay-Actor": actor})
        return Token.model_validate(answer.json())


@contextmanager
def tokens_of(settings: Settings) -> Iterator[TokenStore]:
    """The gateway's tokens, whether it runs or not.

    Raises:
        SettingsInvalid: this machine has the light install of an instrument's PC.
        LabrelayError: the gateway refuses.
    """
    repository = Client.of(settings, "job_repository", retries=0)
    try:
        repository.get("/healthz", read_s=5)
    except ServiceUnavailable:
        supervisor.require_extras("gateway", settings.model_copy(update={"pipelines": _none(settings)}))
        with import_module(supervisor.TOKENS).opened(settings) as store:
            yield store
        return
    yield Served(repository)


def actor() -> str:
    """Who calls the command, as a header can carry it."""
    return user().encode("latin-1", errors="replace").decode("latin-1")


def _none(settings: Settings) -> object:
    return settings.pipelines.model_copy(update={"run": (), "models": {}})
