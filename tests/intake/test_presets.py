"""Names to plates through the real chain: what is read is on the job, tasks select by it, and pages show it."""

from collections.abc import Iterator
from typing import Any

import pytest

from labrelay.contracts.states import Stage
from labrelay.matching import selector_data
from labrelay.plates import Names
from labrelay.selectors import selects
from labrelay.settings import WatchedFolder
from tests.chain.system import chain_of, chain_settings
from tests.intake.drop import Drop
from tests.labrelay.cli.command_line import labrelay
from tests.labrelay.plates.vendors import GUID, KNOWN, LEFT_OUT
from tests.polling import until

pytestmark = [pytest.mark.process, pytest.mark.timeout(180)]

FIRST = {preset: next(iter(paths)) for preset, paths in KNOWN.items()}
"""One file of each vendor, all below one folder with `names = "auto"`."""
OPERA = "assay__2024-05-06T07_08_09-Measurement 1"


def attribute(name: str, text: str) -> dict[str, Any]:
    return {"==": [{"var": f"InputFile.Attributes.{name}"}, text]}


@pytest.fixture(scope="module")
def drop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Drop]:
    root = tmp_path_factory.mktemp("presets")
    folders = (
        WatchedFolder(name="any", path=root / "any", stable_s=0.3, patterns=(r"dose-(?P<dose__float>[\d.]+)",)),
        WatchedFolder(name="opera", path=root / "opera", stable_s=0.3, names="harmony"),
    )
    for folder in folders:
        folder.path.mkdir()
    with chain_of(chain_settings(root, folders=folders)) as chain:
        selected = {"and": [attribute("well", "B02"), attribute("field", "3")]}
        chain.session.launcher.post(
            "/api/v2/tasks",
            {"description": "B02, third field", "selector": selected, "pipeline": "multi-file", "order": 1},
        )
        chain.add_task("only-file")
        drop = Drop(chain)
        for number, path in enumerate([*FIRST.values(), "p_B02_s3_w1.tif", "p_B02_s2_w1.tif", "dose-0.5/p_B03.tif"]):
            drop.drop(path, b"image %d" % number)
        for path in LEFT_OUT["auto"]:
            (drop.folder / path).parent.mkdir(parents=True, exist_ok=True)
            (drop.folder / path).write_bytes(b"no image of a well")
        images = folders[1].path / OPERA / "Images"
        images.mkdir(parents=True)
        (images / "Index.idx.xml").write_text("<xml/>")
        (images / "r02c03f01p01-ch1sk1fk1fl1.tiff").write_bytes(b"plane")
        drop.await_final()
        drop.await_stage(f"{OPERA}/Images/r02c03f01p01-ch1sk1fk1fl1.tiff", Stage.COMPLETE)
        yield drop


@pytest.mark.parametrize("preset", FIRST)
def test_a_job_holds_what_its_files_name_tells(drop: Drop, preset: str) -> None:
    job = drop.job(FIRST[preset])
    assert job is not None
    assert job.source.attributes == KNOWN[preset][FIRST[preset]]
    assert job.stage is Stage.COMPLETE


def test_a_folder_that_names_its_vendor_takes_the_plate_from_the_measurements_folder(drop: Drop) -> None:
    (job,) = [job for job in drop.jobs() if job.source.folder == "opera"]
    told = job.source.attributes
    assert (told["plate"], told["measurement"], told["well"], told["time"]) == ("assay", 1, "B03", 1)


def test_an_own_pattern_goes_with_the_preset(drop: Drop) -> None:
    job = drop.job("dose-0.5/p_B03.tif")
    assert job is not None
    assert job.source.attributes == {"plate": "p", "well": "B03", "row": "B", "column": 3, "dose": 0.5}


def test_thumbnails_corrections_and_sidecars_become_no_captures(drop: Drop) -> None:
    paths = {job.source.path for job in drop.jobs()}
    assert paths == {*drop.digests, f"{OPERA}/Images/r02c03f01p01-ch1sk1fk1fl1.tiff"}


def test_a_task_takes_by_well_and_field(drop: Drop) -> None:
    taken = {job.source.path: job.task.description if job.task else "" for job in drop.jobs()}
    assert [path for path, task in taken.items() if task == "B02, third field"] == ["p_B02_s3_w1.tif"]


def test_explain_tells_attributes_and_task_as_they_came_about(drop: Drop) -> None:
    config = str(drop.chain.session.settings.data / "run" / "settings.json")
    for path in ("p_B02_s3_w1.tif", "p_B02_s2_w1.tif", FIRST["incucyte"]):
        told = labrelay("explain", path, "--json", "--config", config).json
        job = drop.job(path)
        assert job is not None
        assert job.task is not None
        assert told["attributes"] == job.source.attributes
        assert told["taken_by"] == [job.task.id]
        verdicts = {task["description"]: task["verdict"] for task in told["tasks"]}
        assert verdicts[job.task.description] == "takes"
    said = labrelay("explain", "p_B02_s3_w1.tif", "--config", config).out
    assert "  well = B02 (imagexpress)\n" in said
    assert "  B02, third field: takes\n" in said


def test_the_job_page_shows_what_the_name_tells(drop: Drop) -> None:
    job = drop.job("dose-0.5/p_B03.tif")
    assert job is not None
    page = drop.page(job.id)
    for text in ("well", "B03", "dose", "0.5"):
        assert text in page


def test_a_file_that_a_pattern_misses_is_captured_all_the_same(drop: Drop) -> None:
    drop.drop("dose-1.2.3/p_B04.tif", b"a dose that is no number")
    job = drop.await_stage("dose-1.2.3/p_B04.tif", Stage.COMPLETE)
    assert job.source.attributes == {"plate": "p", "well": "B04", "row": "B", "column": 4}
    until(lambda: drop.unharmed("dose-1.2.3/p_B04.tif"), "the file stays as it was")


@pytest.mark.parametrize("preset", KNOWN)
def test_selectors_see_every_preset_s_attributes_as_texts(preset: str) -> None:
    for path in KNOWN[preset]:
        read = Names("auto").read(path)
        assert read is not None
        data = selector_data(path, "oem", "", read[1])
        for name, value in read[1].items():
            assert selects(attribute(name, str(value)), data)
            assert not selects(attribute(name, f"{value}x"), data)
    assert GUID not in str(data)
