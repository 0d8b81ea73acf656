"""Fixtures that all tests share: free ports, a real Redis server, settings in a folder of their own."""

import gc
import os
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest

import pipelines  # noqa: F401  (before OpenVINO: it keeps OpenVINO's telemetry from loading)
from labrelay.embedded.redis import EmbeddedRedis
from labrelay.settings import Settings
from labrelay.settings.model import Oem, Ports, Redis, WatchedFolder
from tests.pieces import PAGES, Pieces, piece_of
from tests.ports import take_port

os.environ.setdefault("BENTOML_DO_NOT_TRACK", "True")

MAY_BE_MISSING = (
    "is an optional extra",
    "own collection of instrument files",
    "own collection of labelled images",
    "Windows",
    "file system",
    "needs rights to make network namespaces",
)
"""Reasons to skip that also CI accepts: what a stranger can't have, or what this system hasn't got."""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """In CI a skipped test of a part that can be installed is a failure."""
    report = yield
    reason = report.longrepr[2] if report.skipped and isinstance(report.longrepr, tuple) else ""
    if reason and os.environ.get("CI") == "true" and not any(text in reason for text in MAY_BE_MISSING):
        report.outcome = "failed"
        report.longrepr = f"skipped in CI: {reason}"
    return report


@pytest.fixture
def free_port() -> int:
    return take_port()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    ports = Ports(**{name: take_port() for name in Ports.model_fields})
    folder = WatchedFolder(name="input", path=tmp_path / "oem-files" / "input", stable_s=0.2)
    folder.path.mkdir(parents=True)
    oem = Oem(folders=(folder,), output_folder=tmp_path / "oem-files" / "output", rescan_s=1.0)
    return Settings(data=tmp_path / "data", ports=ports, redis=Redis(port=take_port()), oem=oem)


@pytest.fixture
def redis_url(tmp_path: Path, settings: Settings) -> Iterator[str]:
    server = EmbeddedRedis(tmp_path / "redis", settings.redis.port)
    server.start()
    yield server.url
    server.stop()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="also run the tests that are marked `long`, as CI does")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is long, if not asked for; what lasts longest in one piece comes first: nobody waits for it."""
    if not config.getoption("--long"):
        config.hook.pytest_deselected(items=[item for item in items if item.get_closest_marker("long")])
        items[:] = [item for item in items if not item.get_closest_marker("long")]
    slow = {item.path for item in items if item.get_closest_marker("process")}
    items.sort(key=lambda item: (piece_of(item.nodeid) != PAGES, item.path not in slow))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Pieces:
    return Pieces(config, log)


def pytest_collection_finish() -> None:
    """What is loaded by now stays: looking for garbage among it again and again takes a fifth of the tests' time."""
    gc.collect()
    gc.freeze()
