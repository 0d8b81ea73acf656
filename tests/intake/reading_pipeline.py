"""A pipeline that only reads images, with the reader of all pipelines: `python -m tests.intake.reading_pipeline`."""

from collections.abc import Mapping
from pathlib import Path

from pipelines.images.reader import read_image
from pipelines.sdk import Capture, Outcome, pipeline, serve


@pipeline(topic="reading", name="Reading", description="Width and height of an image")
def reading(capture: Capture, parameters: Mapping[str, str], output_dir: Path) -> Outcome:
    """The size and the mean brightness."""
    pixels = read_image(capture.path).pixels
    measured = {"height_px": pixels.shape[0], "width_px": pixels.shape[1], "mean": float(pixels.mean())}
    return Outcome(results=f"Pixels, {pixels.size}", measurements=measured)


if __name__ == "__main__":
    serve(reading)
