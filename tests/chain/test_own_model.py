"""A model package of the user's own becomes a pipeline without code; a pipeline that nobody serves is told of."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from labrelay.settings.pipelines import OwnModel, Pipelines
from pipelines.instrument import FieldOptions, Plate, WriterOptions, write_plate
from tests.chain.jobs import Jobs
from tests.chain.system import Chain, chain_of, chain_settings
from tests.labrelay.cli.command_line import Answer, labrelay
from tests.polling import until
from tests.ports import take_port

pytestmark = [pytest.mark.process, pytest.mark.timeout(180)]

SHIPPED = Path(__file__).parents[2] / "pipelines" / "nuclei" / "model"
NAME = "organoids-2"


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chain]:
    """A gateway whose settings name a folder, and nothing else."""
    root = tmp_path_factory.mktemp("own")
    shutil.copytree(SHIPPED, root / "models" / "organoids")
    settings = chain_settings(root)
    models = {NAME: OwnModel(folder=root / "models" / "organoids", port=take_port())}
    with chain_of(settings.model_copy(update={"pipelines": Pipelines(run=(), models=models)})) as chain:
        chain.add_task(NAME)
        yield chain


def ask(chain: Chain, *words: str) -> Answer:
    return labrelay(*words, "--config", str(chain.session.settings.data / "run" / "settings.json"))


def test_a_file_goes_through_it_and_its_outputs_come_back(own: Chain) -> None:
    folder = own.instrument.folder
    options = WriterOptions(images=1, rate=0.0, slow_every=0, field=FieldOptions(160, 160, 200.0))
    (written,) = write_plate(folder, None, Plate.of_wells("P1", 6), options)
    name = written.path.relative_to(folder).as_posix()
    jobs = Jobs(own.session.repository)
    until(lambda: jobs.complete([name]), "complete", 90)
    (job,) = jobs.of(name)
    outputs = {Path(each["returned_path"]).stem.rpartition("_")[2]: each["returned_path"] for each in job["outputs"]}
    assert {"labels", "overlay", "objects", "provenance"} <= set(outputs)
    told = json.loads((own.output / outputs["provenance"]).read_text(encoding="utf-8"))
    assert told["model"]["sha256"]
    assert job["report"]["results"].startswith("CellCount, ")
    assert job["task"]["pipeline"] == NAME


def test_it_is_alive_and_ready_for_all_who_ask(own: Chain) -> None:
    rows = {row["topic"]: row["alive"] for row in own.session.launcher.get("/api/v2/pipelines")}
    assert rows[NAME] is True
    findings = {each["check"]: each for each in ask(own, "doctor", "--json").json}
    assert findings[f"pipeline {NAME}"]["well"], findings


def test_a_task_for_a_pipeline_that_nobody_serves_says_so_and_how_to_start_it(own: Chain) -> None:
    until(lambda: own.session.launcher.get("/api/v2/pipelines"), "the registry was asked")
    added = ask(own, "task", "add", "--pipeline", "cells", "--contains", "never")
    assert added.status == 0
    assert 'Nobody serves cells now, so its files will wait. Write `run = ["cells"]` into [pipelines]' in added.out
    (finding,) = [each for each in ask(own, "doctor", "--json").json if each["check"] == "pipeline cells"]
    assert (finding["well"], "[pipelines]" in finding["next_step"]) == (False, True)
