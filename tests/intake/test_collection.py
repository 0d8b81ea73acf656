"""Real instruments' files over the real chain, all that the project has collected.

Every file is read by the one reader; the first of each folder, and with `LABRELAY_LARGE=1` every one, is counted by the
nuclei pipeline too, for which a hundred images of four million pixels take some minutes.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from labrelay import supervisor
from labrelay.contracts.jobs import Job
from labrelay.contracts.states import Stage
from labrelay.settings import WatchedFolder
from tests.chain.system import chain_of, chain_settings
from tests.intake.drop import Drop

FORMATS: Final = Path(__file__).parents[3] / "shared" / "data" / "formats"
IMAGES: Final = frozenset({".tif", ".tiff", ".png"})
LARGE: Final = os.environ.get("LABRELAY_LARGE") == "1"
FILES: Final = sorted(path.relative_to(FORMATS).as_posix() for path in FORMATS.rglob("*") if path.is_file())

PICTURES: Final = [name for name in FILES if Path(name).suffix.lower() in IMAGES]
SIDECARS: Final = [name for name in FILES if name not in PICTURES]
FIRST: Final = {str(Path(name).parent): name for name in reversed(PICTURES)}
COUNTED: Final = PICTURES if LARGE else sorted(FIRST.values())

pytestmark = [
    pytest.mark.process,
    pytest.mark.long,
    pytest.mark.timeout(400),
    pytest.mark.skipif(not FILES, reason="the project's own collection of instrument files isn't here"),
]


@pytest.fixture(scope="module")
def dropped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Drop]:
    """Nothing is left out: thumbnails, corrections and sidecars are handed in too."""
    root = tmp_path_factory.mktemp("collection")
    folder = WatchedFolder(name="input", path=root / "input", stable_s=0.3, names="none")
    folder.path.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(supervisor.WORKERS, "reading", "tests.intake.reading_pipeline")
        with chain_of(chain_settings(root, pipelines=("nuclei", "reading"), folders=(folder,))) as chain:
            counted = {"in": ["/counted/", {"var": "InputFile.DirName"}]}
            task = {"description": "to be counted", "selector": counted, "pipeline": "nuclei", "order": 1}
            chain.session.launcher.post("/api/v2/tasks", task)
            chain.add_task("reading")
            drop = Drop(chain)
            for name in FILES:
                drop.drop(name, (FORMATS / name).read_bytes())
            for name in COUNTED:
                drop.drop(f"counted/{name}", (FORMATS / name).read_bytes())
            drop.await_final(360)
            yield drop


@pytest.fixture(scope="module")
def jobs(dropped: Drop) -> dict[str, Job]:
    """The one job of each file."""
    jobs = dropped.jobs()
    assert len(jobs) == len(FILES) + len(COUNTED)
    return {job.source.path: job for job in jobs}


@pytest.mark.parametrize("name", PICTURES)
def test_each_image_is_read(dropped: Drop, jobs: dict[str, Job], name: str) -> None:
    job = jobs[name]
    assert job.stage is Stage.COMPLETE, job.failure
    assert job.report is not None
    assert int(job.report.results.removeprefix("Pixels, ")) > 0
    assert dropped.unharmed(name)


@pytest.mark.parametrize("name", COUNTED)
def test_each_kind_of_image_is_counted(dropped: Drop, jobs: dict[str, Job], name: str) -> None:
    job = jobs[f"counted/{name}"]
    assert job.stage is Stage.COMPLETE, job.failure
    assert job.report is not None
    assert int(job.report.results.removeprefix("CellCount, ")) >= 0
    assert len(job.outputs) == 4
    assert all(output.returned_path for output in job.outputs)


@pytest.mark.parametrize("name", SIDECARS)
def test_each_sidecar_that_a_task_takes_for_an_image_fails_with_the_reason(
    dropped: Drop, jobs: dict[str, Job], name: str
) -> None:
    assert jobs[name].stage is Stage.FAILED
    assert dropped.told(jobs[name]).code == "image_unreadable"
    assert dropped.unharmed(name)
