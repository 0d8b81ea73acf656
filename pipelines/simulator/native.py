"""The four test pipelines as SDK pipelines."""

from collections.abc import Mapping
from pathlib import Path

from labrelay.errors import InputProblem
from pipelines.sdk import Capture, Outcome, Pipeline, pipeline
from pipelines.simulator.simulation import SIMULATIONS, copies


@pipeline(topic="only-file", name="Simulator: only-file", description="Copies the image; no result text")
def only_file(capture: Capture, parameters: Mapping[str, str], output_dir: Path) -> Outcome:
    """One copy."""
    return _simulated("only-file", capture, output_dir)


@pipeline(topic="multi-file", name="Simulator: multi-file", description="Copies the image five times; no result text")
def multi_file(capture: Capture, parameters: Mapping[str, str], output_dir: Path) -> Outcome:
    """Five copies."""
    return _simulated("multi-file", capture, output_dir)


@pipeline(topic="only-results", name="Simulator: only-results", description="Answers a fixed cell count; no files")
def only_results(capture: Capture, parameters: Mapping[str, str], output_dir: Path) -> Outcome:
    """A text."""
    return _simulated("only-results", capture, output_dir)


@pipeline(
    topic="file-and-results",
    name="Simulator: file-and-results",
    description="Copies the image and answers a fixed cell count",
)
def file_and_results(capture: Capture, parameters: Mapping[str, str], output_dir: Path) -> Outcome:
    """One copy and a text."""
    return _simulated("file-and-results", capture, output_dir)


PIPELINES: tuple[Pipeline, ...] = (only_file, multi_file, only_results, file_and_results)


def _simulated(topic: str, capture: Capture, output_dir: Path) -> Outcome:
    simulation = SIMULATIONS[topic]
    try:
        outputs = copies(simulation, capture.path, output_dir)
    except OSError as error:
        raise InputProblem(f"{capture.path.name} can't be copied: {error.strerror or error}.") from error
    count = simulation.cell_count
    measurements = {} if count is None else {"count": float(count)}
    return Outcome(outputs, simulation.results, simulation.qc_flags, measurements)
