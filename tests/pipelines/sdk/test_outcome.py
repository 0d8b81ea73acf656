"""What a function may answer, and what a report says."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from pipelines.sdk import Capture, Outcome, OutcomeInvalid, pipeline
from pipelines.sdk.outcome import checked
from pipelines.sdk.report import failure_report, report_of


@pipeline(topic="echo", name="Echo", description="Answers the parameters")
def echo(capture: Capture, parameters: Mapping[str, str], output_dir: Path) -> Outcome:
    (output_dir / f"{capture.stem}.txt").write_text(",".join(parameters))
    return Outcome([output_dir / f"{capture.stem}.txt"], results="Echo, 1")


def test_a_pipeline_is_tested_by_calling_it(image: Path, tmp_path: Path) -> None:
    outcome = echo(Capture.of(image), {"a": "1"}, tmp_path)
    assert (tmp_path / "A1-field.txt").read_text() == "a"
    assert checked(outcome, tmp_path) is outcome
    assert (echo.topic, echo.name) == ("echo", "Echo")


def test_an_output_in_a_sub_folder_or_through_a_link_is_refused(tmp_path: Path) -> None:
    inner = tmp_path / "deep" / "a.csv"
    inner.parent.mkdir()
    inner.touch()
    link = tmp_path / "b.csv"
    link.symlink_to(inner)
    for path in (inner, link, tmp_path / "deep"):
        with pytest.raises(OutcomeInvalid):
            checked(Outcome([path]), tmp_path)


@pytest.mark.parametrize("value", [True, "7", None, float("inf")])
def test_a_measurement_that_is_no_finite_number_is_refused(value: object, tmp_path: Path) -> None:
    with pytest.raises(OutcomeInvalid, match="count"):
        checked(Outcome(measurements={"count": value}), tmp_path)  # type: ignore[dict-item]


def test_results_that_are_no_text_are_refused(tmp_path: Path) -> None:
    with pytest.raises(OutcomeInvalid):
        checked(Outcome(results=598), tmp_path)  # type: ignore[arg-type]


def test_a_report_names_files_as_aicsd_does(tmp_path: Path) -> None:
    path = tmp_path / "A1_labels.ome.tif"
    path.write_bytes(b"x")
    (output,) = report_of(Outcome([path])).wire()["OutputFiles"]
    assert (output["Name"], output["Extension"], output["DirName"]) == ("A1_labels.ome.tif", ".tif", str(tmp_path))
    assert output["ErrorDetails"] is None


def test_an_error_without_a_message_is_named_by_its_kind() -> None:
    assert failure_report(MemoryError()).wire()["Failure"]["cause"] == "MemoryError"
