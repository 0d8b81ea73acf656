"""What the service's worker process holds: the compiled model, the SDK worker, and answers to posted images."""

import os
from pathlib import Path
from typing import Any, Final

from labrelay.settings import Settings
from pipelines.nuclei.failure import answered
from pipelines.nuclei.pipeline import PASSED, find_nuclei, loaded_segmenter, measurements, model_identity, segmented
from pipelines.sdk import Worker
from pipelines.segmentation.outputs import write_labels
from pipelines.segmentation.parameters import parse_parameters

WORKER: Final = "LABRELAY_WORKER"
"""Environment variable: `off` runs the service without taking launches."""

REPLICA: Final = "LABRELAY_REPLICA"
"""Environment variable: tells this replica from others on the same machine."""


class Station:
    """Loads and compiles the model at once, so that the first image doesn't wait for it."""

    def __init__(self, settings: Settings) -> None:
        loaded_segmenter()
        off = os.environ.get(WORKER, "").lower() == "off"
        self._worker = (
            None
            if off
            else Worker(find_nuclei, settings, os.environ.get(REPLICA, "1"), concurrency=settings.pipelines.concurrency)
        )

    def start(self) -> None:
        """Begin to take launches."""
        if self._worker is not None:
            self._worker.start()

    def stop(self) -> None:
        """Finish the job in work, or give it up after a grace."""
        if self._worker is not None:
            self._worker.stop()

    def counted(self, image: Path, **parameters: float | str | None) -> dict[str, Any]:
        """What `find_nuclei` reports of an image, without files.

        Raises:
            RequestFailed: the image or a parameter makes no sense.
        """
        with answered():
            seen, found = segmented(image, parse_parameters(parameters))
        return {
            "results": f"CellCount, {found.count}",
            "qc_flags": ", ".join(found.flags) or PASSED,
            "measurements": measurements(seen, found.summary),
            "model": model_identity(loaded_segmenter().package),
        }

    def masked(self, image: Path, folder: Path, **parameters: float | str | None) -> Path:
        """Write the label mask of an image into a folder.

        Raises:
            RequestFailed: the image or a parameter makes no sense.
        """
        path = folder / f"{image.stem}_labels.tif"
        with answered():
            seen, found = segmented(image, parse_parameters(parameters))
            write_labels(path, found.labels, seen)
        return path
