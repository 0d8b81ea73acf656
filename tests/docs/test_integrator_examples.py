"""The integrator's curl examples do what the page says, on a running system."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from labrelay.settings import Ports
from tests.chain.system import Chain, chain_of, chain_settings

PAGE = Path(__file__).parents[2] / "docs" / "integrator.md"
CUT_BY_TIME = 28
"""curl's exit status when its time is up: the end of an endless stream of events."""

pytestmark = [pytest.mark.process, pytest.mark.skipif(shutil.which("curl") is None, reason="curl isn't installed")]


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chain]:
    with chain_of(chain_settings(tmp_path_factory.mktemp("examples"))) as chain:
        chain.add_task("only-file")
        chain.instrument.write("a.tif")
        assert chain.settle().well
        yield chain


def examples() -> list[str]:
    (block,) = re.findall(r"```sh\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    return [line for line in block.replace("\\\n", " ").splitlines() if line.strip()]


def run(chain: Chain, example: str) -> tuple[int, str]:
    """The example with this system's ports in place of the usual ones, cut off after three seconds."""
    command = example.replace("curl ", "curl --max-time 3 --fail-with-body ", 1)
    for name, usual in Ports().model_dump().items():
        command = command.replace(f":{usual}/", f":{getattr(chain.session.settings.ports, name)}/")
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout


def test_every_example_gets_the_answer_that_it_promises(chain: Chain) -> None:
    summary, failed, events, task = (run(chain, example) for example in examples())
    assert summary[0] == failed[0] == task[0] == 0
    assert json.loads(summary[1])["stages"]["complete"] == 1
    assert json.loads(failed[1]) == {"items": [], "next": None}
    assert events[0] == CUT_BY_TIME
    assert json.loads(task[1])["description"] == "plate reader"
