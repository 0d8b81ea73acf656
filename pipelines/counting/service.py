"""The Bento of a model package of the user's own, named by the environment and described by its model.toml."""

import os

import bentoml

from labrelay.settings import PIPELINE, load_settings
from pipelines.counting.bento import BENTO, CountingBento, guarded
from pipelines.counting.kind import Kind

KIND = Kind.of_own_model(os.environ.get(PIPELINE, ""), load_settings())


@bentoml.service(name=KIND.topic, **BENTO)
class OwnModel(CountingBento):
    """Counts objects with a model of the user's own."""

    kind = KIND


OwnModel.add_asgi_middleware(guarded)  # type: ignore[attr-defined]
