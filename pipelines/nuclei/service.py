"""The nuclei pipeline as a BentoML service."""

from pathlib import Path

import bentoml

from pipelines.counting.bento import BENTO, CountingBento, guarded
from pipelines.counting.kind import Kind

KIND = Kind(
    topic="nuclei",
    name="Nuclei",
    description="Finds, counts and measures the nuclei in a fluorescence image",
    shipped=Path(__file__).parent / "model",
)


@bentoml.service(name=KIND.topic, **BENTO)
class Nuclei(CountingBento):
    """Counts nuclei in fluorescence images."""

    kind = KIND


Nuclei.add_asgi_middleware(guarded)  # type: ignore[attr-defined]
