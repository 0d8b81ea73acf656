"""What a counting pipeline does with one image: find, measure, judge, write its files."""

from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Self

from labrelay import __version__
from labrelay.settings import Settings
from pipelines.counting.kind import Kind
from pipelines.images.reader import Image, read_image
from pipelines.sdk import Capture, Outcome, Pipeline
from pipelines.segmentation.measurements import ImageSummary
from pipelines.segmentation.outputs import write_outputs
from pipelines.segmentation.package import ModelPackage
from pipelines.segmentation.parameters import SegmentationParameters, parse_parameters
from pipelines.segmentation.segment import Segmentation, Segmenter

PASSED: Final = "passed"
"""AiCSD's QC flags of an image without complaint."""


class Counting:
    """A kind of pipeline with its loaded model, ready for any number of images from any number of threads."""

    def __init__(self, kind: Kind, segmenter: Segmenter) -> None:
        self.kind = kind
        self.segmenter = segmenter

    @classmethod
    def loaded(cls, kind: Kind, settings: Settings) -> Self:
        """Load and compile the model; OpenVINO keeps its compiled form for the next start.

        Raises:
            ModelPackageInvalid: the package is incomplete, changed or wrong.
        """
        cache, threads = settings.gateway_layout.model_cache, settings.pipelines.threads or None
        return cls(kind, Segmenter(kind.folder(settings), cache, threads))

    @property
    def pipeline(self) -> Pipeline:
        """As the SDK's worker takes it."""
        return Pipeline(self.kind.topic, self.kind.name, self.kind.description, self.outcome)

    @property
    def model(self) -> dict[str, str]:
        """Name, version and digest of the model, and in what it computes on this machine."""
        return model_identity(self.segmenter.package) | {"precision": self.segmenter.precision}

    def seen(self, path: Path, parameters: SegmentationParameters) -> tuple[Image, Segmentation]:
        """The image, with its pixel size from the parameters if they give one, and what was found in it.

        Raises:
            ParameterInvalid: the channels named are not as many as the model looks at.
            InputProblem: the file is no image that can be read.
            InferenceFailed: OpenVINO gave up.
        """
        model = self.segmenter.package.description.input
        selection, further = parameters.selected(model.channels, model.channel_names)
        image = read_image(path, selection, further=further)
        if parameters.pixel_size_um is not None:
            image = replace(image, pixel_size_um=parameters.pixel_size_um)
        return image, self.segmenter.segment(image, parameters.diameter_px, parameters.diameter_um)

    def outcome(self, capture: Capture, parameters: Mapping[str, str], output_dir: Path) -> Outcome:
        """Labels, overlay, table and provenance of one image, or what else the parameters ask for.

        Raises:
            ParameterInvalid: a parameter is unknown or makes no sense.
            TableNeedsExtra: Parquet is asked for, and can't be written here.
            InputProblem: the file is no image that can be read.
            InferenceFailed: OpenVINO gave up.
        """
        chosen = parse_parameters(parameters)
        image, found = self.seen(capture.path, chosen)
        told = provenance(capture, parameters, image, found, self.model)
        written = write_outputs(output_dir, image, found, told, chosen.outputs)
        return Outcome(
            outputs=written.paths,
            results=results(found),
            qc_flags=", ".join(found.flags) or PASSED,
            measurements=measurements(image, found.summary) | found.quality.figures,
        )


def results(found: Segmentation) -> str:
    """AiCSD's result text."""
    return f"CellCount, {found.count}"


def measurements(image: Image, summary: ImageSummary) -> dict[str, float]:
    """The image's numbers; and which channel, z and time it is, of those that the file has several of.

    What there is none of (no objects, no pixel size, no single z because all were projected) is left out.
    """
    taken = asdict(image.plane)
    plane = {axis: taken[axis] for axis in ("channel", "z", "time") if taken[f"{axis}_count"] > 1}
    return {name: float(value) for name, value in (asdict(summary) | plane).items() if value is not None}


def provenance(
    capture: Capture, parameters: Mapping[str, str], image: Image, found: Segmentation, model: Mapping[str, str]
) -> dict[str, Any]:
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
        "model": dict(model),
        "scale": asdict(found.scale),
        "qc_flags": list(found.flags),
        "quality": found.quality.told(),
        "seconds": {step: round(seconds, 4) for step, seconds in found.seconds.items()},
        "software": {"labrelay": __version__},
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def model_identity(package: ModelPackage) -> dict[str, str]:
    """Name, version and digest of a model."""
    return {"name": package.description.name, "version": package.description.version, "sha256": package.digest}
