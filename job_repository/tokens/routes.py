"""`/api/v2/tokens`: who may call this gateway."""

import time
from typing import Annotated

from fastapi import APIRouter, Header

from job_repository.jobs.routes import Repo
from labrelay.access.register import NEW_S
from labrelay.contracts.access import NewToken, Roll, Token, TokenDraft, TokenId, Uses
from labrelay.contracts.base import Contract
from labrelay.http.access import Calling
from labrelay.http.roles import Role, allow

routes = APIRouter(prefix="/api/v2/tokens", tags=["access"])
ActorName = Annotated[str, Header(alias="X-Labrelay-Actor")]


class TokenList(Contract):
    """Tokens, oldest first, those that hold no more too."""

    items: tuple[Token, ...]


@routes.get("")
@allow(Role.ADMIN)
def tokens(repo: Repo) -> TokenList:
    """All tokens that were given out; of their secrets nothing is kept."""
    return TokenList(items=tuple(repo.tokens.all()))


@routes.post("", status_code=201)
@allow(Role.ADMIN)
def create(repo: Repo, draft: TokenDraft, caller: Calling, actor: ActorName = "local") -> NewToken:
    """Give one out; its text is told this once, when every service lets it in."""
    made = repo.tokens.create(draft, caller.actor(actor))
    time.sleep(NEW_S)  # who has just looked at the roll looks at it again for a token that it doesn't know
    return made


@routes.post("/roll")
@allow(Role.SERVICE)
def roll(repo: Repo, uses: Uses) -> Roll:
    """What services check tokens against."""
    return repo.tokens.roll(uses.used)


@routes.delete("/{token_id}")
@allow(Role.ADMIN)
def revoke(repo: Repo, token_id: TokenId, caller: Calling, actor: ActorName = "local") -> Token:
    """End one; services hear of it within seconds."""
    return repo.tokens.revoke(token_id, caller.actor(actor))
