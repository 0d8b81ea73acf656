"""What the pages' routes work with."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Request

from dashboard.live import Hub
from dashboard.pages import Pages
from dashboard.pictures import Pictures
from dashboard.repository import Repository
from dashboard.shell import curl
from dashboard.threads import Threads
from labrelay.http import Client
from labrelay.settings import Settings


@dataclass(frozen=True)
class Desk:
    """What the routes work with.

    Attributes:
        client: calls the job repository's public `/api/v2`; every room reads with it what its page shows.
        sender: calls the gateway's file sender: inputs and outputs.
        registry: calls the pipelines' registry: models, and who works.
    """

    settings: Settings
    client: Client
    sender: Client
    registry: Client
    repository: Repository
    pictures: Pictures
    pages: Pages
    threads: Threads
    hub: Hub

    def curl(self, url: str, method: str = "GET", body: Mapping[str, Any] | None = None) -> str:
        """A call from the shell (`dashboard.shell.curl`), with the token where this gateway asks for one."""
        return curl(url, method, body, token=self.settings.asks_for_tokens)


def _the_desk(request: Request) -> Desk:
    desk: Desk = request.app.state.desk
    return desk


TheDesk = Annotated[Desk, Depends(_the_desk)]
