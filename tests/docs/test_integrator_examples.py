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
        # Before the task that an example adds, whose pipeline doesn't run here.
        every = {"description": "every file", "selector": True, "pipeline": "only-file", "order": 1}
        chain.session.launcher.post("/api/v2/tasks", every)
        chain.instrument.write("a.tif")
        assert chain.settle().well
        yield chain


def examples() -> list[str]:
    text = "".join(re.findall(r"```sh\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL))
    return [line for line in text.replace("\\\n", " ").splitlines() if line.strip()]


def run(chain: Chain, example: str, folder: Path | None = None, longest_s: int = 3) -> tuple[int, str]:
    """The example with this system's ports in place of the usual ones, cut off after some seconds."""
    command = example.replace("curl ", f"curl --max-time {longest_s} --fail-with-body ", 1)
    for name, usual in Ports().model_dump().items():
        command = command.replace(f":{usual}/", f":{getattr(chain.session.settings.ports, name)}/")
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False, cwd=folder)
    return done.returncode, done.stdout


def test_every_example_gets_the_answer_that_it_promises(chain: Chain) -> None:
    summary, failed, events, task = (run(chain, example) for example in examples()[:4])
    assert summary[0] == failed[0] == task[0] == 0
    assert json.loads(summary[1])["stages"]["complete"] >= 1
    assert json.loads(failed[1])["items"] == []
    assert events[0] == CUT_BY_TIME
    assert json.loads(task[1])["description"] == "plate reader"


def test_a_pushed_image_is_worked_on_and_fetched_as_the_page_says(chain: Chain, tmp_path: Path) -> None:
    image = b"an image" * 1000
    (tmp_path / "A01_w1.tif").write_bytes(image)
    push, *rest = examples()[4:]
    pushed = json.loads(run(chain, push, tmp_path, 60)[1])
    assert pushed["created"]
    (job,) = pushed["jobs"]
    final, outputs, fetched, plate = (run(chain, each.replace("JOB", job["id"]), tmp_path, 60) for each in rest[:4])
    assert json.loads(final[1])["stage"] == "complete"
    assert json.loads(final[1])["source"]["attributes"]["stain"] == "DAPI"
    (output,) = json.loads(outputs[1])["items"]
    assert fetched[0] == 0
    assert (tmp_path / output["name"]).read_bytes() == image
    assert [each["id"] for each in json.loads(plate[1])["items"]] == [job["id"]]
    assert_plate_is_told_of(chain, rest[4:7])
    assert_many_jobs_are_acted_on(chain, rest[7:])


def assert_plate_is_told_of(chain: Chain, examples: list[str]) -> None:
    """The plate that was pushed just now: it has arrived, and isn't quiet yet."""
    listed, table, finished = examples
    (plate,) = json.loads(run(chain, listed)[1])["items"]
    assert (plate["instrument"], plate["plate"], plate["state"]) == ("push", "plate 1", "arriving")
    assert json.loads(run(chain, table.replace("PLATE", plate["id"]))[1])["code"] == "no_table_yet"
    assert json.loads(run(chain, finished)[1])["items"] == []


def assert_many_jobs_are_acted_on(chain: Chain, examples: list[str]) -> None:
    counted, previewed, listed = (run(chain, example) for example in examples)
    assert json.loads(counted[1])["facets"]["total"] == 0
    found = json.loads(previewed[1])
    assert (found["state"], found["total"], found["reason"]) == ("previewed", 0, "lamp changed")
    assert [each["id"] for each in json.loads(listed[1])["items"]] == [found["id"]]
