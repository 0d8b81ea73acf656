"""The cells pipeline as a BentoML service."""

from pathlib import Path

import bentoml

from pipelines.counting.bento import BENTO, CountingBento, guarded
from pipelines.counting.kind import Kind

KIND = Kind(
    topic="cells",
    name="Cells",
    description="Finds, counts and measures the cells in a DIC or phase contrast image",
    shipped=Path(__file__).parent / "model",
)


@bentoml.service(name=KIND.topic, **BENTO)
class Cells(CountingBento):
    """Counts cells in DIC and phase contrast images."""

    kind = KIND


Cells.add_asgi_middleware(guarded)  # type: ignore[attr-defined]
