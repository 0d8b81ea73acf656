import pytest

from tests.chain.system import Chain

pytestmark = pytest.mark.process


def test_every_dropped_file_comes_back_once_in_its_sub_folder(chain: Chain) -> None:
    chain.instrument.write_plate(12, pause_s=0.02)
    assert chain.settle().well
    assert chain.stages() == {"complete": 12}
    assert (chain.output / "plate1" / "run 0" / "A00_s1-sim.tif").exists()


def test_inputs_stay_as_they_were(chain: Chain) -> None:
    chain.instrument.write("a.tif")
    before = (chain.instrument.folder / "a.tif").stat()
    assert chain.settle().well
    after = (chain.instrument.folder / "a.tif").stat()
    assert (before.st_mtime_ns, before.st_size, before.st_ino) == (after.st_mtime_ns, after.st_size, after.st_ino)


def test_each_new_content_of_a_file_is_a_capture_of_its_own(chain: Chain) -> None:
    chain.instrument.write("a.tif")
    first = chain.instrument.written["a.tif"]
    assert chain.settle().well
    chain.instrument.write("a.tif")
    assert chain.settle().well
    chain.instrument.written["the first a.tif"] = first
    assert chain.settle().well
    assert chain.stages() == {"complete": 2}


def test_a_file_that_no_task_takes_is_unmatched_and_says_so(chain: Chain) -> None:
    task = chain.session.launcher.get("/api/v2/tasks")["items"][0]
    chain.session.launcher.delete(f"/api/v2/tasks/{task['id']}")
    chain.instrument.write("a.tif")
    while not chain.stages():
        pass
    assert chain.stages() == {"unmatched": 1}
