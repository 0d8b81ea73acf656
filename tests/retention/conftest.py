"""One lab for all tests of this folder; each has its own instrument, empty stores, and the rules it asks for."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from labrelay.embedded.redis import EmbeddedRedis
from labrelay.settings import Ports, Settings, WatchedFolder
from labrelay.settings.model import Oem, Redis
from labrelay.settings.retention import JobRule
from tests.ports import take_port
from tests.retention.lab import Lab, lab_of

MakeLab = Callable[..., Lab]


@pytest.fixture(scope="session")
def the_lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    home = tmp_path_factory.mktemp("retention")
    folder = WatchedFolder(name="input", path=home / "input")
    folder.path.mkdir()
    settings = Settings(
        data=home / "data",
        ports=Ports(**{name: take_port() for name in Ports.model_fields}),
        redis=Redis(port=take_port()),
        oem=Oem(folders=(folder,), output_folder=home / "output"),
    )
    server = EmbeddedRedis(home / "redis", settings.redis.port)
    server.start()
    try:
        with lab_of(settings) as lab:
            yield lab
    finally:
        server.stop()


@pytest.fixture
def make_lab(the_lab: Lab) -> MakeLab:
    def make(originals: JobRule | None = None, **rules: Any) -> Lab:
        the_lab.begin(originals, rules)
        return the_lab

    return make
