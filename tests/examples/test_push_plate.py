"""`examples/push-plate.sh` as a person runs it: a folder in, results out, harmless to repeat, patient with restarts."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from labrelay.files import digest_file
from labrelay.http import Client
from tests.chain.system import Chain
from tests.intake.push import push_url, pushed_to
from tests.polling import until

SCRIPT = Path(__file__).parents[2] / "examples" / "push-plate.sh"
NAMES = [
    "A01_w1.tif", "A01_w2.tif", "sub folder/B01 ü.tif", "-dash.tif", "50%#&+.tif", "[1-3]{a,b}.tif", "it's $HOME.tif",
    "細胞.tif",
]  # fmt: skip
MISSING = next((tool for tool in ("curl", "openssl") if shutil.which(tool) is None), "")
pytestmark = [
    pytest.mark.process,
    pytest.mark.timeout(120),
    pytest.mark.skipif(bool(MISSING), reason=f"{MISSING} isn't installed"),
]


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chain]:
    with pushed_to(tmp_path_factory.mktemp("example")) as chain:
        yield chain


def write(folder: Path, names: list[str]) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(os.urandom(20_000))
    return folder


def start(chain: Chain, *arguments: Path | str, **environment: str) -> "subprocess.Popen[str]":
    variables = {**os.environ, "LABRELAY": push_url(chain), **environment}
    command = ["sh", str(SCRIPT), *map(str, arguments)]
    return subprocess.Popen(command, env=variables, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def run(chain: Chain, *arguments: Path | str, **environment: str) -> tuple[int, str, str]:
    process = start(chain, *arguments, **environment)
    out, err = process.communicate(timeout=100)
    return process.returncode, out, err


def contents(folder: Path) -> list[str]:
    return sorted(digest_file(path)[0] for path in folder.rglob("*") if path.is_file())


def jobs(chain: Chain, plate: str) -> list[str]:
    query = {"path": f"{plate}/", "limit": "100"}
    listed = Client(push_url(chain), retries=20).get("/api/v2/jobs", params=query)["items"]
    assert {job["source"]["attributes"]["plate"] for job in listed} <= {plate}
    return sorted(job["id"] for job in listed)


def test_a_plate_goes_in_and_its_results_come_out_and_a_second_run_changes_nothing(
    chain: Chain, tmp_path: Path
) -> None:
    plate, results = write(tmp_path / "plate 0012", NAMES), tmp_path / "results"
    status, table, complaints = run(chain, plate, results)
    assert (status, complaints) == (0, "")
    assert contents(results) == contents(plate)
    assert (results / "sub folder" / "B01 ü-sim.tif").is_file()
    assert all(f"{name} " in table for name in NAMES)
    assert table.count(" complete ") == len(NAMES)
    first = jobs(chain, "plate 0012"), {path: path.stat().st_mtime_ns for path in results.rglob("*")}
    assert len(first[0]) == len(NAMES)
    assert run(chain, plate, results)[:2] == (0, table)
    assert (jobs(chain, "plate 0012"), {path: path.stat().st_mtime_ns for path in results.rglob("*")}) == first


def test_a_gateway_that_is_killed_in_between_is_waited_for_and_nothing_is_doubled(chain: Chain, tmp_path: Path) -> None:
    plate = write(tmp_path / "restarted", [f"A{number:02d}.tif" for number in range(12)])
    process = start(chain, plate)
    until(lambda: len(jobs(chain, "restarted")) >= 3, "the first images are there")
    chain.kill("gateway")
    _, complaints = process.communicate(timeout=100)
    assert (process.returncode, complaints) == (0, "")
    assert contents(tmp_path / "restarted-results") == contents(plate)
    assert len(jobs(chain, "restarted")) == 12


def test_what_does_not_end_well_is_told_and_fails_the_run(chain: Chain, tmp_path: Path) -> None:
    plate = write(tmp_path / "mixed", ["good.tif", "no task.txt"])
    (plate / f"{'x' * 201}.tif").write_bytes(b"a name that the gateway refuses")
    status, table, complaints = run(chain, plate, tmp_path / "out")
    assert status == 1
    assert "unmatched" in table
    assert "longer than 200 bytes" in complaints
    assert len(contents(tmp_path / "out")) == 1


def test_hidden_files_are_no_images_and_results_may_not_lie_among_them(chain: Chain, tmp_path: Path) -> None:
    plate = write(tmp_path / "hidden", ["a.tif", ".b.tif", ".thumbs/c.tif"])
    assert run(chain, plate, plate / "results")[0] == 2
    assert run(chain, tmp_path / "hidden/../hidden", plate / "new/results")[0] == 2
    assert run(chain, plate)[0] == 0
    assert len(jobs(chain, "hidden")) == 1


def test_an_empty_folder_is_no_success_and_a_missing_one_wrong_use(chain: Chain, tmp_path: Path) -> None:
    assert run(chain, tmp_path)[0] == 1
    assert run(chain, tmp_path / "none")[0] == 2
    assert run(chain)[0] == 2
