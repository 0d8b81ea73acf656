"""A running gateway without an instrument's side, for tests that push."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from labrelay.session import running
from tests.chain.system import Chain, Instrument, chain_settings


@contextmanager
def pushed_to(root: Path) -> Iterator[Chain]:
    """The gateway's processes and the simulator, whose pipeline takes every `.tif`."""
    settings = chain_settings(root)
    with running(settings, "gateway") as session:
        session.await_ready()
        selector = {"==": [{"var": "InputFile.Extension"}, ".tif"]}
        task = {"description": "tif → file-and-results", "selector": selector, "pipeline": "file-and-results"}
        session.launcher.post("/api/v2/tasks", task)
        yield Chain(session, Instrument(root / "plate"))


def push_url(chain: Chain) -> str:
    """The integrator's address."""
    return chain.session.settings.service_url("data_organizer_gateway")
