"""A running system for every test of the chain."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chain.system import Chain, chain_of, chain_settings


@pytest.fixture
def chain(tmp_path: Path) -> Iterator[Chain]:
    with chain_of(chain_settings(tmp_path)) as chain:
        chain.add_task("only-file")
        yield chain


@pytest.fixture
def writing(chain: Chain) -> Iterator[threading.Thread]:
    """An instrument that writes a plate in the background."""
    thread = threading.Thread(target=chain.instrument.write_plate, args=(24,))
    thread.start()
    yield thread
    thread.join()
