"""Which pipelines run, and models of the user's own: a folder becomes a pipeline, its name the topic, without code."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field

from labrelay.settings.section import Port, Section

SHIPPED: Final = ("nuclei", "cells")
"""Pipelines of labrelay whose model may be replaced; they have ports of their own."""
TAKEN: Final = frozenset(
    {
        "gateway",
        "oem",
        "redis",
        "edge",
        "supervisor",
        "simulator",
        "only-file",
        "multi-file",
        "only-results",
        "file-and-results",
        "file-watcher",
        "data-organizer",
        "file-sender-oem",
        "file-receiver-oem",
        "job-repository",
        "data-organizer-gateway",
        "task-launcher",
        "file-receiver-gateway",
        "file-sender-gateway",
        "pipeline-registry",
        "dashboard",
    }
)
"""Names of other processes and services, and of the simulator's topics."""
NAME: Final = re.compile(r"[a-z0-9]([a-z0-9_-]{0,61}[a-z0-9])?")


class OwnModel(Section):
    """One model package.

    Attributes:
        folder: with model.toml and the network's files.
        port: its Bento's; `nuclei` and `cells` keep theirs.
    """

    folder: Path
    port: Port | None = None


def _checked(models: dict[str, OwnModel]) -> dict[str, OwnModel]:
    for name, model in models.items():
        if name in TAKEN or not NAME.fullmatch(name):
            raise ValueError(
                f"a model can't be called {name!r}; take small letters, digits, - and _ (not at its ends), "
                f"and none of {', '.join(sorted(TAKEN))}"
            )
        if name in SHIPPED and model.port is not None:
            raise ValueError(f"{name}: `port` stands in [ports] as `{name}`; leave it out here")
        if name not in SHIPPED and model.port is None:
            raise ValueError(f"{name}: give it a `port` that nobody else has, e.g. port = 3010")
    return models


OwnModels = Annotated[dict[str, OwnModel], AfterValidator(_checked)]


class Pipelines(Section):
    """Which pipelines `labrelay up` runs, and how.

    Attributes:
        run: of those that come with labrelay; a process tree of about 190 MB each (the simulator less).
        models: the user's own model packages. Each is a pipeline that runs besides, its name is its topic; under
            `nuclei` or `cells` it takes the place of the model that ships.
        threads: CPU threads of the network; 0 leaves it to OpenVINO.
        concurrency: jobs that a worker has in hand: while one is computed, another is fetched or called back for.
        max_image_bytes: the largest image that may be posted to a pipeline itself.
        token_file: holds the token of pipelines on other machines than the gateway, alone on a line.
    """

    run: tuple[str, ...] = ("nuclei", "cells", "simulator")
    models: OwnModels = {}
    threads: Annotated[int, Field(ge=0)] = 0
    concurrency: Annotated[int, Field(ge=1)] = 2
    max_image_bytes: Annotated[int, Field(gt=0)] = 2_000_000_000
    simulator_carrier: Literal["streams", "aicsd-redis"] = "streams"
    token_file: Path | None = None

    @property
    def served(self) -> tuple[str, ...]:
        """The names of all that run, the user's own models last."""
        return tuple(dict.fromkeys((*self.run, *self.own)))

    @property
    def own(self) -> tuple[str, ...]:
        """The user's own models that are pipelines of their own."""
        return tuple(name for name in self.models if name not in SHIPPED)


def refuse_taken_ports(pipelines: Pipelines, ports: Mapping[str, int]) -> None:
    """Refuse a port of an own model that a service or another model has; `ports` are the services', by name.

    Raises:
        ValueError: two have one port.
    """
    owners = {port: f"`{name}`" for name, port in ports.items()}
    for name, model in pipelines.models.items():
        if model.port is None:
            continue
        if model.port in owners:
            raise ValueError(
                f"pipelines.models.{name}: {owners[model.port]} has the port {model.port}; give it another"
            )
        owners[model.port] = f"`pipelines.models.{name}`"
