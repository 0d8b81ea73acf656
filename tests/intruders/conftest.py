"""A gateway of real processes whose every secret can be recognised."""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
import redis

from labrelay.embedded.redis import EmbeddedRedis
from labrelay.session import Session, running
from labrelay.settings.model import Redis
from tests.chain.system import chain_settings
from tests.ports import take_port

MODEL_KEY = "0123456789abcdef" * 4


@dataclass(frozen=True)
class Guarded:
    """A running gateway, and the secrets that it was given or made."""

    session: Session
    password: str

    @property
    def secrets(self) -> dict[str, str]:
        folder = self.session.settings.gateway_layout.secrets
        made = {file.name: file.read_text().strip() for file in folder.iterdir() if file.is_file()}
        return {**made, "Redis' password": self.password, "model key": MODEL_KEY}


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    root, password = tmp_path_factory.mktemp("guarded"), f"pass-{secrets.token_hex(8)}"
    live = EmbeddedRedis(root / "redis", take_port())
    live.start()
    with redis.Redis.from_url(live.url) as client:
        client.config_set("requirepass", password)
    settings = chain_settings(root, pipelines=()).model_copy(
        update={"redis": Redis(url=live.url.replace("://", f"://:{password}@")), "log_level": "debug"}
    )
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("LABRELAY_MODEL_KEY", MODEL_KEY)
        with running(settings, "gateway") as session:
            session.await_ready()
            yield Guarded(session, password)
    live.stop()
