"""The oracle knows only what was written and what lies in the folders; what is planted there it finds."""

import shutil
from pathlib import Path

import pytest

from tests.faults.oracle import Oracle, Verdict, sha256_of


@pytest.fixture
def oracle(tmp_path: Path) -> Oracle:
    for name in ("results", "gateway/inputs/reader-1/aa", "images"):
        (tmp_path / name).mkdir(parents=True)
    return Oracle(tmp_path / "results", tmp_path / "gateway", tmp_path / "inferences.log", tmp_path / "images")


@pytest.fixture
def written(oracle: Oracle) -> dict[str, str]:
    """Three images, and of each the one output that it should have."""
    digests = {}
    for name in ("a.tif", "b.tif", "c.tif"):
        (oracle.images / name).write_bytes(name.encode() * 100)
        shutil.copyfile(oracle.images / name, oracle.results / name.replace(".", "-copy."))
        digests[name] = sha256_of(oracle.images / name)
    return digests


def test_one_output_of_each_content_is_well(oracle: Oracle, written: dict[str, str]) -> None:
    assert oracle.look(written).well


def test_a_deleted_output_is_missing(oracle: Oracle, written: dict[str, str]) -> None:
    (oracle.results / "b-copy.tif").unlink()
    assert oracle.look(written) == Verdict(missing=("b.tif",))


def test_an_output_under_another_jobs_name_too_is_doubled(oracle: Oracle, written: dict[str, str]) -> None:
    (oracle.results / "elsewhere").mkdir()
    shutil.copyfile(oracle.results / "c-copy.tif", oracle.results / "elsewhere" / "c~1234abcd-copy.tif")
    assert oracle.look(written) == Verdict(doubled=("c.tif",))


def test_a_torn_output_is_missing_and_strange(oracle: Oracle, written: dict[str, str]) -> None:
    torn = oracle.results / "a-copy.tif"
    oracle.look(written)
    torn.write_bytes(torn.read_bytes()[:-1])
    assert oracle.look(written) == Verdict(missing=("a.tif",), strange=(str(torn),))


def test_a_content_that_stood_under_a_name_before_is_not_strange(oracle: Oracle, written: dict[str, str]) -> None:
    (oracle.results / "old-copy.tif").write_bytes(b"old")
    ever = frozenset({sha256_of(oracle.results / "old-copy.tif")})
    assert not oracle.look(written).well
    assert oracle.look(written, ever).well


def test_an_unfinished_file_is_found_on_either_side(oracle: Oracle, written: dict[str, str]) -> None:
    left = [oracle.results / "x.labrelay-part", oracle.gateway / "inputs" / "reader-1" / "aa" / "y.labrelay-part"]
    for path in left:
        path.touch()
    assert oracle.look(written) == Verdict(temporary=tuple(map(str, left)))


def test_an_input_that_has_not_the_digest_it_is_named_by_is_rotten(oracle: Oracle, written: dict[str, str]) -> None:
    blob = oracle.gateway / "inputs" / "reader-1" / "aa" / written["a.tif"]
    shutil.copyfile(oracle.images / "a.tif", blob)
    assert oracle.look(written).well
    shutil.copyfile(oracle.images / "b.tif", blob)
    assert oracle.look(written) == Verdict(rotten=(str(blob),))


def test_each_inference_beyond_the_first_of_a_content_is_wasted(oracle: Oracle) -> None:
    assert oracle.wasted() == 0
    oracle.inferences.write_text("aa\nbb\naa\naa\n")
    assert oracle.wasted() == 2
