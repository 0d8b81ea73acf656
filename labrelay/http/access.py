"""The door of every service: who calls is told by token, key or session before a byte of the body is read."""

import hmac
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated, Final
from urllib.parse import parse_qs

from anyio import CapacityLimiter, to_thread
from fastapi import Depends, FastAPI, Header, Request
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Receive, Scope, Send

from labrelay.access.callers import LOCAL, Caller
from labrelay.access.keys import OEM_SIDE, KeyFile, make_service_key, service_key
from labrelay.access.register import Register
from labrelay.access.roles import PERSONS, suffices
from labrelay.access.tokens import SERVICE, parse_token
from labrelay.contracts.access import Roll
from labrelay.errors import AccessDenied, LabrelayError, ServiceUnavailable, TokenRefused
from labrelay.http import problem, refusals
from labrelay.http.client import Client
from labrelay.http.endpoints import Endpoints
from labrelay.http.roles import Role
from labrelay.settings.exposure import is_loopback
from labrelay.settings.model import Settings

ROLL: Final = "/api/v2/tokens/roll"
ACTOR: Final = "X-Labrelay-Actor"
ON_BEHALF: Final = "X-Labrelay-Role"
"""A service calls for a person who may do no more than this."""
_CALLER: Final = "labrelay.caller"
RolesOf = Callable[[Scope], frozenset[Role] | None]


@dataclass
class Access:
    """How one service asks who calls.

    Attributes:
        service: its name.
        enforced: callers must show something.
        key: what services of the same side show.
        register: the tokens that hold; None on the instrument's side, where only its own processes call.
        trusts_here: a call from this machine's loopback needs no token over `/api/v1`, nor a callback its key.
        v1_open: calls over `/api/v1` need no token at all.
        session: the token's id of a login that the headers of a page's call show, empty without one.
        turn_away: the answer to who isn't let in.
    """

    service: str
    enforced: bool = False
    key: KeyFile | None = None
    register: Register | None = None
    trusts_here: bool = True
    v1_open: bool = False
    session: Callable[[Headers], str] = lambda _: ""
    turn_away: Callable[[Scope, LabrelayError], ASGIApp] = lambda _, refusal: refuse(refusal)
    threads: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(4))

    @classmethod
    def of(cls, service: str, settings: Settings) -> "Access":
        """A service of this machine; where tokens are asked for, the key of its side is made at once."""
        name, enforced = service.replace("-", "_"), settings.asks_for_tokens
        if enforced:
            make_service_key(settings, name)
        return cls(
            service,
            enforced,
            service_key(settings, name),
            Register(_asking(settings)) if enforced and name not in OEM_SIDE else None,
            trusts_here=not settings.access.proxy and settings.access.tokens != "always",
            v1_open=settings.aicsd.open,
        )

    def is_here(self, scope: Scope) -> bool:
        """Whether a call comes from this machine itself."""
        client = scope.get("client")
        return self.trusts_here and client is not None and is_loopback(str(client[0]))

    async def bearer(self, shown: str) -> Caller | None:
        """Who shows this token or service key; None when it doesn't hold.

        Raises:
            ServiceUnavailable: the repository, who knows the tokens, doesn't answer.
        """
        if shown.startswith(SERVICE):
            held = self.key.read() if self.key else ""
            return LOCAL if held and hmac.compare_digest(held.encode(), shown.encode()) else None
        token = parse_token(shown)
        if token is None or self.register is None:
            return None
        await self._freshen(self.register, token.id)
        return self.register.bearer(shown)

    async def holder(self, token_id: str) -> Caller | None:
        """Who holds a token that was shown earlier; None when it holds no more.

        Raises:
            ServiceUnavailable: the repository, who knows the tokens, doesn't answer.
        """
        if not token_id or self.register is None:
            return None
        await self._freshen(self.register, token_id)
        return self.register.holder(token_id)

    async def still_admits(self, caller: Caller) -> bool:
        """Whether who was let in may stay: streams ask now and then."""
        try:
            return not caller.token or await self.holder(caller.token) is not None
        except ServiceUnavailable:
            return True

    async def _freshen(self, register: Register, token_id: str) -> None:
        if register.stale(token_id):
            await to_thread.run_sync(register.refresh, token_id, limiter=self.threads)


def _asking(settings: Settings) -> Callable[..., Roll]:
    repository = Client.of(settings, "job_repository", retries=0, read_s=5.0)
    return lambda used: Roll.model_validate(repository.post(ROLL, {"used": dict(used)}))


class AccessGuard:
    """Lets in who may call, and tells the service who it is; nobody passes by default.

    Args:
        app: what is guarded.
        access: how to ask.
        roles_of: who may call what a request asks for; None when nothing answers it.
    """

    def __init__(self, app: ASGIApp, access: Access, roles_of: RolesOf) -> None:
        self._app = app
        self._access = access
        self._roles_of = roles_of

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a call on, or turn it away before its body is read."""
        if scope["type"] != "http":
            shut = scope["type"] == "websocket" and self._access.enforced
            await (_close if shut else self._app)(scope, receive, send)
            return
        try:
            scope[_CALLER] = await self._admit(scope)
        except LabrelayError as refusal:
            refusals.note(refusal, scope.get("client"))
            await self._access.turn_away(scope, refusal)(scope, receive, send)
            return
        await self._app(scope, receive, send)

    async def _admit(self, scope: Scope) -> Caller:
        here = self._access.is_here(scope)
        if not self._access.enforced:
            return Caller(Role.SERVICE, local=here)
        roles = self._roles_of(scope)
        if roles and Role.ANYONE in roles:
            return Caller(Role.ANYONE, local=here)
        headers = Headers(scope=scope)
        caller = await self._who(scope, headers, here)
        if roles is not None and not suffices(caller.role, roles):
            raise AccessDenied(f"The role {caller.role} isn't enough for {scope['method']} {scope['path']}.")
        _check_subject(caller, scope, headers)
        if caller.is_person:
            MutableHeaders(scope=scope)[ACTOR] = caller.subject
        return caller

    async def _who(self, scope: Scope, headers: Headers, here: bool) -> Caller:
        kind, _, shown = headers.get("authorization", "").partition(" ")
        if shown:
            caller = await self._access.bearer(shown.strip()) if kind.lower() == "bearer" else None
            if caller is None:
                token = parse_token(shown.strip())
                named = f"The token {token.id}" if token else "What came as a token"
                raise TokenRefused(f"{named} doesn't hold: it was revoked, has ended or was never given out.")
            return _acting_for(caller, headers)
        login = await self._access.holder(self._access.session(headers))
        if login is not None:
            return login
        if scope["path"].startswith("/api/v1/") and (here or self._access.v1_open):
            return Caller(Role.ADMIN, "aicsd-v1", local=here)
        raise TokenRefused("No token came with the call.")


def install(app: FastAPI, service: str, settings: Settings | None) -> None:
    """Guard an app by the marks of its routes; without settings (samples, doubles) nothing is asked for."""
    app.state.access = Access(service) if settings is None else Access.of(service, settings)
    app.add_middleware(AccessGuard, access=app.state.access, roles_of=Endpoints(app).roles)


async def caller_of(request: Request) -> Caller:
    """Who the door let in (a dependency)."""
    caller: Caller = request.scope[_CALLER]
    return caller


Calling = Annotated[Caller, Depends(caller_of)]


async def acting_instrument(caller: Calling, x_instrument: Annotated[str | None, Header()] = None) -> str | None:
    """The instrument that a call is about: whose token it shows, else what the header X-Instrument says."""
    return caller.instrument(x_instrument)


ActingInstrument = Annotated[str | None, Depends(acting_instrument)]


def on_behalf(person: Caller) -> dict[str, str]:
    """What a service adds to its call for a person, who may then do no more through it than alone."""
    return {ON_BEHALF: person.role.value, ACTOR: person.subject} if person.is_person else {}


def _acting_for(caller: Caller, headers: Headers) -> Caller:
    named = headers.get(ON_BEHALF, "")
    if caller.role is Role.SERVICE and named in PERSONS:
        return Caller(Role(named), headers.get(ACTOR, ""), caller.token)
    return caller


def _check_subject(caller: Caller, scope: Scope, headers: Headers) -> None:
    if caller.role is not Role.INSTRUMENT:
        return
    asked = parse_qs(scope.get("query_string", b"").decode("latin-1"), keep_blank_values=True).get("instrument", [])
    for instrument in (*asked, *headers.getlist("x-instrument")):
        caller.check_instrument(instrument)


def refuse(refusal: LabrelayError) -> ASGIApp:
    """The problem document of who isn't let in."""
    answer = problem.respond(refusal)
    if isinstance(refusal, TokenRefused):
        answer.headers["WWW-Authenticate"] = 'Bearer realm="labrelay"'
    return answer


async def _close(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "websocket.close", "code": 1008})
