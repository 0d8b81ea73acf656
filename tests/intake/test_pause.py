"""A paused instrument over the real chain: nothing is read, nothing moves, and afterwards nothing is missing."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

from labrelay.files import is_temporary
from labrelay.http.client import Client
from labrelay.pause import PauseFiles
from labrelay.priority import LAST_OF_ITS_CLASS, NICENESS
from tests.chain.system import Chain, chain_of, chain_settings
from tests.labrelay.cli.command_line import Answer, labrelay
from tests.polling import until

pytestmark = [pytest.mark.process, pytest.mark.timeout(120)]
QUIET_S = 1.0
PAUSE = "/api/v2/instruments/oem/pause"


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chain]:
    with chain_of(chain_settings(tmp_path_factory.mktemp("pause"))) as chain:
        chain.add_task("only-file")
        yield chain


def ask(chain: Chain, *words: str) -> Answer:
    return labrelay(*words, "--config", str(chain.session.settings.data / "run" / "settings.json"))


def pauses(chain: Chain) -> PauseFiles:
    return PauseFiles(chain.session.settings.oem_layout)


def watcher(chain: Chain) -> Client:
    return Client(chain.session.settings.service_url("file_watcher"))


def journal(chain: Chain) -> set[str]:
    """Contents that the watcher has read."""
    items = watcher(chain).get("/api/v2/journal", params={"limit": "1000"})["items"]
    return {each["sha256"] for each in items if each["sha256"]}


def stored(chain: Chain) -> set[str]:
    """Contents in the gateway's input store."""
    inputs = chain.session.settings.gateway_layout.root / "inputs"
    return {path.name for path in inputs.rglob("*") if path.is_file()}


def outputs(chain: Chain) -> set[Path]:
    return {path for path in chain.output.rglob("*") if path.is_file() and not is_temporary(path.name)}


def noticed(chain: Chain) -> int:
    """Files that the watcher knows of and hasn't read."""
    return int(watcher(chain).get("/api/v2/status")["folders"][0]["waiting"])


@contextmanager
def nothing_moves(chain: Chain, *names: str) -> Iterator[None]:
    """Write files, and see that they stay unread until the block has ended and for a while longer."""
    before, waiting = (journal(chain), stored(chain), outputs(chain)), noticed(chain)
    for name in names:
        chain.instrument.write(name)
    until(lambda: noticed(chain) >= waiting + len(names), "the files are noticed")
    yield
    time.sleep(QUIET_S)
    assert (journal(chain), stored(chain), outputs(chain)) == before


def told(chain: Chain) -> dict[str, Any]:
    answer: dict[str, Any] = chain.session.repository.get(PAUSE)
    return answer


def all_is_well(chain: Chain) -> None:
    findings = chain.settle(60)
    assert findings.well, findings
    assert len(outputs(chain)) == len(chain.instrument.written)


def test_paused_at_the_instrument_nothing_moves_and_then_everything_does(chain: Chain) -> None:
    chain.instrument.write("plate/before.tif")
    all_is_well(chain)
    said = ask(chain, "pause", "--reason", "laser [/] alignment", "--by", "Ada")
    assert "paused at the instrument by Ada since" in said.out
    assert "laser [/] alignment" in said.out
    with nothing_moves(chain, "plate/1.tif", "plate/2.tif", "plate/3.tif"):
        until(lambda: told(chain)["instrument"], "the gateway is told")
    assert told(chain)["instrument"]["by"] == "Ada"
    for command in ("status", "doctor"):
        assert "by Ada since" in ask(chain, command).out
    findings = {each["check"]: each for each in ask(chain, "doctor", "--json").json}
    assert "laser" in findings["pause"]["detail"]
    assert findings["pause"]["next_step"] == "`labrelay resume`"
    assert "not paused" in ask(chain, "resume").out
    all_is_well(chain)
    until(lambda: told(chain)["instrument"] is None, "the gateway is told of the end")


def test_paused_from_the_gateway_it_stays_so_over_a_kill(chain: Chain) -> None:
    said = ask(chain, "pause", "--instrument", "oem", "--reason", "maintenance", "--by", "Bea")
    assert "paused from the gateway by Bea" in said.out
    until(lambda: pauses(chain).active, "the instrument's side hears of it", seconds=5)
    with nothing_moves(chain, "plate/there.tif"):
        pass
    assert "paused from the gateway by Bea" in ask(chain, "resume").out  # what the gateway paused, it resumes
    killed = chain.pid("oem")
    chain.kill("oem")
    until(lambda: chain.pid("oem") not in (None, killed), "the instrument's side is started again")
    until(lambda: not chain.session.waiting_for(), "it is ready")
    with nothing_moves(chain, "plate/after the kill.tif"):
        pass
    assert "not paused" in ask(chain, "resume", "--instrument", "oem").out
    all_is_well(chain)
    assert not pauses(chain).active


@pytest.mark.skipif(sys.platform != "linux", reason="other systems than Windows and Linux have other classes")
def test_the_instruments_side_runs_behind_the_instruments_own_software(chain: Chain) -> None:
    mine = psutil.Process().nice()
    oem, gateway = (psutil.Process(chain.pid(name)) for name in ("oem", "gateway"))
    assert oem.nice() == max(NICENESS, mine)
    assert oem.ionice().value == LAST_OF_ITS_CLASS
    assert gateway.nice() == mine
    threads = [psutil.Process(thread.id).nice() for thread in oem.threads()]
    assert set(threads) == {max(NICENESS, mine)}
