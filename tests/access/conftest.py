"""One guarded gateway for all tests here: starting it takes longer than most of them."""

from collections.abc import Iterator

import pytest

from tests.access.gateway import Guarded, guarded


@pytest.fixture(scope="package")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    with guarded(tmp_path_factory.mktemp("guarded")) as side:
        yield side
