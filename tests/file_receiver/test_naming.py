"""Names of outputs: the source's shape, legal everywhere, nobody else's."""

import pytest

from file_receiver.oem.naming import key_of, marks, paths_of
from labrelay.contracts.captures import OfferedOutput, ReturnOffer
from labrelay.errors import Forbidden
from labrelay.files import input_name

JOB = "1a2b3c4d-0000-0000-0000-000000000000"


def offer(source: str, *names: str, folder: str = "input") -> ReturnOffer:
    outputs = tuple(OfferedOutput(index=i, name=name, size=1, sha256="0" * 64) for i, name in enumerate(names))
    return ReturnOffer(
        job_id=JOB,
        epoch=1,
        attempt=1,
        capture_id=JOB,
        folder=folder,
        source_path=source,
        generation=1,
        outputs=outputs,
    )


def paths(source: str, *names: str, mark: str = "", prefix: bool = False) -> list[str]:
    return paths_of(offer(source, *names), mark, folder_prefix=prefix)


def test_outputs_keep_the_sub_folders_of_their_source() -> None:
    assert paths("plate 1/a/b.tif", "b_labels.tif", "b.csv") == ["plate 1/a/b_labels.tif", "plate 1/a/b.csv"]


def test_several_watched_folders_are_kept_apart() -> None:
    assert paths("a/b.tif", "b.csv", prefix=True) == ["input/a/b.csv"]


def test_a_mark_stands_behind_the_source_s_stem() -> None:
    assert paths("b.tif", "b_labels.tif", "table.csv", "plain", mark="1a2b3c4d") == [
        "b~1a2b3c4d_labels.tif",
        "table~1a2b3c4d.csv",
        "plain~1a2b3c4d",
    ]


@pytest.mark.parametrize(
    ("name", "legal"),
    [("../../x.csv", ".._.._x.csv"), ("..", "_"), ("con.tif", "_con.tif"), ("a:b.", "a_b"), ("/etc/x", "_etc_x")],
)
def test_names_of_outputs_never_leave_the_folder(name: str, legal: str) -> None:
    assert paths("a/b.tif", name) == [f"a/{legal}"]


@pytest.mark.parametrize("source", ["../b.tif", "/b.tif", "a/../../b.tif"])
def test_source_paths_that_lead_out_are_refused(source: str) -> None:
    with pytest.raises(Forbidden):
        paths(source, "b.csv")


def test_names_that_differ_only_in_case_are_kept_apart() -> None:
    found = paths("b.tif", "B.csv", "b.csv", "b.CSV")
    assert found[0] == "B.csv"
    assert len({key_of(path) for path in found}) == 3


def test_a_mark_stands_behind_the_stem_as_the_pipeline_saw_it() -> None:
    assert paths("a:b.tif", "a_b_provenance.json", mark="1a2b3c4d") == ["a_b~1a2b3c4d_provenance.json"]


def test_backslashes_in_a_source_path_name_no_folder() -> None:
    assert paths("a\\..\\b.tif", "a_.._b.csv") == ["a_.._b.csv"]


def test_marks_of_long_names_are_not_cut_off() -> None:
    long = input_name("n" * 250 + ".tif").removesuffix(".tif")
    found = {paths("n" * 250 + ".tif", f"{long}_provenance.json", mark=mark)[0] for mark in ("", *marks(JOB))}
    assert len(found) == 3
    assert all(path.endswith("_provenance.json") for path in found)


def test_folders_that_are_too_deep_for_the_system_end_in_a_digest() -> None:
    deep = [offer(f"{'/'.join(['d' * 50] * 10)}/{end}/a.tif", "a.csv") for end in ("x", "y")]
    (one,), (other,) = (paths_of(each, "", folder_prefix=False, room=259) for each in deep)
    assert one != other
    assert max(len(one), len(other)) <= 259 - 75
    assert one.startswith(f"{'d' * 50}/{'d' * 50}/")
    assert one.endswith("/a.csv")
