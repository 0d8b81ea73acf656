"""A pipeline that takes its numbers from a file's first bytes: `python -m tests.chain.counting_pipeline`."""

from collections.abc import Mapping
from pathlib import Path

from labrelay.errors import InputProblem
from pipelines.sdk import Capture, Outcome, pipeline, serve


def numbers_of(content: bytes) -> dict[str, float]:
    """What the pipeline finds: a count, and a mean."""
    return {"count": float(content[0]), "mean_area_um2": content[1] / 8}


@pipeline(topic="counting", name="Counting", description="Counts what the first byte says")
def counting(capture: Capture, parameters: Mapping[str, str], output_dir: Path) -> Outcome:
    """The numbers of one file; one with `bad` in its name can't be read."""
    if "bad" in capture.path.name:
        raise InputProblem("The image is cut off.", next_step="Read the well again.")
    told = numbers_of(capture.path.read_bytes())
    return Outcome(results=f"CellCount, {told['count']:.0f}", measurements=told)


if __name__ == "__main__":
    serve(counting)
