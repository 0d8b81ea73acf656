"""What the nuclei pipeline does with one image: find, measure, judge, write four files."""

import functools
import os
from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from labrelay import __version__
from labrelay.settings import load_settings
from pipelines.images.reader import Image, read_image
from pipelines.sdk import Capture, Outcome, pipeline
from pipelines.segmentation.measurements import ImageSummary
from pipelines.segmentation.outputs import write_outputs
from pipelines.segmentation.package import ModelPackage
from pipelines.segmentation.parameters import SegmentationParameters, parse_parameters
from pipelines.segmentation.segment import Segmentation, Segmenter

MODEL: Final = "LABRELAY_NUCLEI_MODEL"
"""Environment variable: folder of a model package in place of the one that ships."""

PASSED: Final = "passed"
"""AiCSD's QC flags of an image without complaint."""


@functools.cache
def loaded_segmenter() -> Segmenter:
    """This process's one loaded and compiled model; OpenVINO keeps its compiled form for the next start.

    Raises:
        ModelPackageInvalid: the package is incomplete, changed or wrong.
    """
    settings = load_settings()
    folder = Path(os.environ.get(MODEL) or Path(__file__).parent / "model")
    return Segmenter(folder, settings.gateway_layout.model_cache, settings.pipelines.threads or None)


def segmented(path: Path, parameters: SegmentationParameters) -> tuple[Image, Segmentation]:
    """The image, with its pixel size from the parameters if they give one, and what was found in it.

    Raises:
        InputProblem: the file is no image that can be read.
        InferenceFailed: OpenVINO gave up.
    """
    image = read_image(path, parameters.selection)
    if parameters.pixel_size_um is not None:
        image = replace(image, pixel_size_um=parameters.pixel_size_um)
    return image, loaded_segmenter().segment(image, parameters.diameter_px, parameters.diameter_um)


@pipeline(topic="nuclei", name="Nuclei", description="Finds, counts and measures the nuclei in a fluorescence image")
def find_nuclei(capture: Capture, parameters: Mapping[str, str], output_dir: Path) -> Outcome:
    """Labels, overlay, table and provenance of one image.

    Raises:
        ParameterInvalid: a parameter is unknown or makes no sense.
        InputProblem: the file is no image that can be read.
        InferenceFailed: OpenVINO gave up.
    """
    image, found = segmented(capture.path, parse_parameters(parameters))
    written = write_outputs(output_dir, image, found, provenance(capture, parameters, image, found))
    return Outcome(
        outputs=[written.labels, written.overlay, written.objects, written.provenance],
        results=f"CellCount, {found.count}",
        qc_flags=", ".join(found.flags) or PASSED,
        measurements=measurements(image, found.summary),
    )


def measurements(image: Image, summary: ImageSummary) -> dict[str, float]:
    """The image's numbers; and which channel, z and time it is, of those that the file has several of.

    What there is none of (no objects, no pixel size, no single z because all were projected) is left out.
    """
    taken = asdict(image.plane)
    plane = {axis: taken[axis] for axis in ("channel", "z", "time") if taken[f"{axis}_count"] > 1}
    return {name: float(value) for name, value in (asdict(summary) | plane).items() if value is not None}


def provenance(capture: Capture, parameters: Mapping[str, str], image: Image, found: Segmentation) -> dict[str, Any]:
    """How this result came about: input, task, parameters, plane, model, scale, software and times in seconds."""
    return {
        "input": {
            "name": capture.path.name,
            "sha256": capture.sha256,
            "instrument": capture.instrument,
            "path": capture.source_path,
            "attributes": dict(capture.attributes),
        },
        "set": [{"path": each.source_path, "sha256": each.sha256} for each in capture.members],
        "job": {"id": capture.job_id, "epoch": capture.epoch, "attempt": capture.attempt},
        "task": {"id": capture.task_id, "version": capture.task_version},
        "parameters": dict(parameters),
        "plane": asdict(image.plane),
        "model": model_identity(loaded_segmenter().package),
        "scale": asdict(found.scale),
        "qc_flags": list(found.flags),
        "seconds": {step: round(seconds, 4) for step, seconds in found.seconds.items()},
        "software": {"labrelay": __version__},
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def model_identity(package: ModelPackage) -> dict[str, str]:
    """Name, version and digest of a model."""
    return {"name": package.description.name, "version": package.description.version, "sha256": package.digest}
