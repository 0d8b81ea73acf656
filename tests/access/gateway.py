"""All services of both sides in this process, asking for tokens, with one token of each role."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import requests
from fastapi import FastAPI

from labrelay.access.roles import Role
from labrelay.contracts.access import NewToken, TokenDraft
from labrelay.embedded.redis import EmbeddedRedis
from labrelay.front import Front
from labrelay.http.client import Client
from labrelay.settings import Settings
from labrelay.settings.access import Access
from labrelay.supervisor import SERVICES, listeners
from tests.chain.one_loop import OneLoop
from tests.chain.system import chain_settings

HOLDERS: Final = {
    Role.VIEWER: "Vera",
    Role.OPERATOR: "Otto",
    Role.ADMIN: "Ada",
    Role.INSTRUMENT: "reader-1",
    Role.PIPELINE: "only-file",
}


@dataclass(frozen=True)
class Guarded:
    """A gateway and an instrument's side that let nobody in without a token."""

    settings: Settings
    apps: dict[str, FastAPI]
    tokens: dict[Role, NewToken]
    session: requests.Session

    def token(self, role: Role, subject: str, **draft: Any) -> NewToken:
        """One more token."""
        body = TokenDraft.model_validate({"role": role, "subject": subject, **draft}).model_dump(mode="json")
        return NewToken.model_validate(self.own("job_repository").post("/api/v2/tokens", body))

    def add_task(self, pipeline: str, contains: str) -> None:
        """Send the files whose names contain something to a pipeline."""
        selector = {"in": [contains, {"var": "InputFile.Name"}]}
        task = {"description": contains, "selector": selector, "pipeline": pipeline}
        self.own("job_repository").post("/api/v2/tasks", task)

    def own(self, port_name: str) -> Client:
        """Calls with the service key."""
        return Client.of(self.settings, port_name, retries=0)

    def call(
        self, port_name: str, method: str, path: str, token: NewToken | str | None = None, **options: Any
    ) -> requests.Response:
        """One call as a stranger or with a token; the answer's body may go on for ever."""
        text = token.text if isinstance(token, NewToken) else token
        headers = {**({"Authorization": f"Bearer {text}"} if text else {}), **options.pop("headers", {})}
        url = self.settings.service_url(port_name) + path
        options = {"timeout": 30, "stream": True, "allow_redirects": False, **options}
        with self.session.request(method, url, headers=headers, **options) as answer:
            if "event-stream" not in answer.headers.get("content-type", ""):
                answer.content  # noqa: B018 - read, so that the connection can be used again
            return answer


@contextmanager
def guarded(root: Path) -> Iterator[Guarded]:
    """Started, with its tokens, until the end."""
    base = chain_settings(root, pipelines=())
    patient = base.launcher.model_copy(update={"lease_s": 300.0})
    settings = base.model_copy(update={"access": Access(tokens="always"), "launcher": patient})
    redis = EmbeddedRedis(root / "redis", settings.redis.port)
    redis.start()
    served = [*listeners("gateway", settings), *listeners("oem", settings)]
    by_port = {each.port: each.app._own if isinstance(each.app, Front) else each.app for each in served}
    apps = {name: by_port[getattr(settings.ports, port)] for name, (_, port) in SERVICES.items()}
    try:
        with OneLoop({each.port: each.app for each in served}), requests.Session() as session:  # type: ignore[misc]
            side = Guarded(settings, apps, {}, session)  # type: ignore[arg-type]
            side.tokens.update({role: side.token(role, subject) for role, subject in HOLDERS.items()})
            yield side
    finally:
        redis.stop()
