"""What the checks look at: one machine's settings and what its services answer, each asked once."""

from functools import cached_property
from typing import Any, Final

from labrelay.errors import LabrelayError
from labrelay.http.client import Client
from labrelay.settings import Settings
from labrelay.supervisor import GATEWAY, OEM

SOON_S: Final = 5.0
HEALTH_S: Final = 30.0
PAGE: Final = 500


class Patient:
    """One machine.

    Args:
        settings: its settings.
        deep: also read the contents of files.
    """

    def __init__(self, settings: Settings, *, deep: bool = False) -> None:
        self.settings = settings
        self.deep = deep

    @cached_property
    def answers(self) -> dict[str, str | LabrelayError]:
        """Each service's state, or why there is none."""
        return {name: self._state(port) for name, (_, port) in (OEM | GATEWAY).items()}

    @property
    def is_gateway(self) -> bool:
        """Whether the gateway's services should run here, and not only those of an instrument's side."""
        return not (self._runs(OEM) and not self._runs(GATEWAY) and bool(self.settings.oem.edge_url))

    @property
    def is_oem(self) -> bool:
        """Whether the instrument's side should run here."""
        return not (self._runs(GATEWAY) and not self._runs(OEM))

    @cached_property
    def health(self) -> dict[str, Any]:
        """What the repository says of itself; empty when it doesn't answer."""
        return self.ask("job_repository", "/api/v2/health", read_s=HEALTH_S) or {}

    @cached_property
    def organizer(self) -> dict[str, Any]:
        """What the instrument's side heard of its gateway; empty when it doesn't answer."""
        return self.ask("data_organizer", "/api/v2/status") or {}

    def ask(self, port: str, path: str, *, read_s: float = SOON_S, **query: str) -> Any:
        """An answer of a service here, None without one."""
        try:
            return Client.of(self.settings, port, retries=0).get(path, params=query, read_s=read_s)
        except LabrelayError:
            return None

    def tell(self, port: str, path: str, body: Any) -> Any:
        """The answer to a question with a body, None without one."""
        try:
            return Client.of(self.settings, port, retries=0).post(path, body, read_s=HEALTH_S)
        except LabrelayError:
            return None

    def jobs(self, stage: str, most: int) -> list[dict[str, Any]]:
        """The newest jobs at a stage."""
        found: list[dict[str, Any]] = []
        query = {"stage": stage, "limit": str(min(PAGE, most))}
        while page := self.ask("job_repository", "/api/v2/jobs", read_s=HEALTH_S, **query):
            found += page["items"]
            if not page["next"] or len(found) >= most:
                break
            query["after"] = page["next"]
        return found[:most]

    def _runs(self, side: dict[str, tuple[str, str]]) -> bool:
        return any(isinstance(self.answers[name], str) for name in side)

    def _state(self, port: str) -> str | LabrelayError:
        try:
            return str(Client.of(self.settings, port, retries=0).get("/readyz", read_s=SOON_S)["status"])
        except LabrelayError as error:
            return error
