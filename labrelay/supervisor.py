"""The composition root: which services make up which side, and the processes that carry them.

It alone knows services, and only by name: each is loaded with `importlib` inside the process that runs it.
"""

import os
import sys
from collections.abc import Mapping
from dataclasses import replace
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from fastapi import FastAPI

from labrelay.edge import Edge
from labrelay.errors import SettingsInvalid
from labrelay.front import Front
from labrelay.http.guard import admit
from labrelay.http.neighbours import seat
from labrelay.http.server import Listener
from labrelay.processes import ChildSpec
from labrelay.settings import ENV_FILE, PIPELINE, Settings
from labrelay.settings.access import Access

OEM: Final = {
    "file-watcher": ("file_watcher.app", "file_watcher"),
    "data-organizer": ("data_organizer.app", "data_organizer"),
    "file-sender-oem": ("file_sender.oem.app", "file_sender_oem"),
    "file-receiver-oem": ("file_receiver.oem.app", "file_receiver_oem"),
}
GATEWAY: Final = {
    "job-repository": ("job_repository.app", "job_repository"),
    "data-organizer-gateway": ("data_organizer.gateway.app", "data_organizer_gateway"),
    "task-launcher": ("task_launcher.app", "task_launcher"),
    "file-receiver-gateway": ("file_receiver.gateway.app", "file_receiver_gateway"),
    "file-sender-gateway": ("file_sender.gateway.app", "file_sender_gateway"),
    "pipeline-registry": ("pipelines.registry.app", "registry"),
    "dashboard": ("dashboard.app", "dashboard"),
}
EDGE_ROUTES: Final = {
    "captures": "job-repository",
    "inputs": "file-receiver-gateway",
    "returns": "file-sender-gateway",
    "receipts": "file-sender-gateway",
}
BENTOS: Final = {"nuclei": "pipelines.nuclei.service:Nuclei", "cells": "pipelines.cells.service:Cells"}
OWN_MODEL: Final = "pipelines.counting.service:OwnModel"
"""The Bento of any model package of the user's own."""
WORKERS: Final = {"simulator": "pipelines.simulator"}
PUSH: Final = "data-organizer-gateway"
SERVICES: Final = OEM | GATEWAY
PREVIEW: Final = "file_watcher.preview"
"""What a look at the watched folders would take; needs nothing that runs."""
MODELS: Final = "pipelines.segmentation.packages.commands"
"""What `labrelay model` does; needs nothing that runs."""
TOKENS: Final = "job_repository.tokens.command"
"""The store of tokens without a running gateway."""
EVALUATION: Final = "pipelines.training.__main__"
"""Measures models on labelled images."""
CORRECTIONS: Final = "pipelines.training.corrections"
"""Takes objects out of label masks."""
BACKUPS: Final = ("job_repository.backups.making", "job_repository.backups.restoring")
"""Backing up a gateway's record, and restoring it; needs nothing that runs."""
AUDIT: Final = "job_repository.record.audit_offline"
"""Verifies the audit of a record that nobody serves."""
ARENAS: Final = "MALLOC_ARENA_MAX"
"""How many heaps glibc keeps for a process's threads; the gateway has many, and each would keep what it once held."""
REDIS_PROCESS: Final = "labrelay.embedded.redis_process"


def listener(name: str, settings: Settings) -> Listener:
    """One service, ready to listen.

    Raises:
        SettingsInvalid: there is no such service, or its extra isn't installed.
    """
    if name not in SERVICES:
        raise SettingsInvalid(f"There is no service {name!r}.", next_step=f"Choose one of {', '.join(SERVICES)}.")
    module, port = SERVICES[name]
    try:
        app: FastAPI = import_module(module).create(settings)
    except ModuleNotFoundError as error:
        extra = "pip install 'labrelay[all]'"
        raise SettingsInvalid(f"{name} needs the package {error.name}.", next_step=f"Install it: {extra}.") from error
    admit(app, (*settings.hosts, settings.advertise))
    return Listener(app, settings.bind, getattr(settings.ports, port), settings.access)


def listeners(group: str, settings: Settings) -> list[Listener]:
    """All services that one process carries: `oem`, `gateway` (with its edge and its front) or one service by name."""
    if group == "oem":
        return [listener(name, settings) for name in OEM]
    if group != "gateway":
        return [listener(group, settings)]
    parts = {name: listener(name, settings) for name in GATEWAY}
    _seat(parts, settings)
    edge = Edge({noun: parts[name].app for noun, name in EDGE_ROUTES.items()})
    front = Front(parts[PUSH].app, {name: part.app for name, part in parts.items()})
    parts[PUSH] = replace(parts[PUSH], app=front)
    return [*parts.values(), Listener(edge, settings.bind, settings.ports.edge, settings.access)]


def _seat(parts: Mapping[str, Listener], settings: Settings) -> None:
    """Let the services of one process ask each other without a socket, where they can be asked so."""
    for name, part in parts.items():
        neighbour = getattr(getattr(part.app, "state", None), "neighbour", None)
        if neighbour is not None:
            seat(settings.service_url(GATEWAY[name][1]), neighbour)


def require_extras(side: str, settings: Settings) -> None:
    """Refuse to start a side whose packages aren't installed.

    Raises:
        SettingsInvalid: names what is missing and the extra that brings it.
    """
    needed = {} if side == "oem" else dict.fromkeys(("redis", "alembic", "json_logic", "jinja2"), "gateway")
    if side != "oem" and bentos(settings):
        needed |= dict.fromkeys(("bentoml", "openvino", "cv2", "skimage"), "pipelines")
    missing = [name for name in needed if find_spec(name) is None]
    if missing:
        raise SettingsInvalid(
            f"This side needs {', '.join(missing)}, which the light install of an instrument's PC leaves out.",
            next_step=f"Install it: pip install 'labrelay[{needed[missing[-1]]}]'.",
        )


def bentos(settings: Settings) -> list[str]:
    """The pipelines of these settings that are Bentos."""
    return [name for name in settings.pipelines.served if name in BENTOS or name in settings.pipelines.models]


def ports(side: str, settings: Settings) -> dict[str, int]:
    """What listens where on a side, by name."""
    oem = {name: getattr(settings.ports, port) for name, (_, port) in OEM.items()}
    gateway = {name: getattr(settings.ports, port) for name, (_, port) in GATEWAY.items()}
    gateway["edge"] = settings.ports.edge
    gateway |= {name: settings.pipeline_port(name) for name in bentos(settings)}
    if not settings.redis.url:
        gateway["redis"] = settings.redis.port
    return {"up": oem | gateway, "gateway": gateway, "oem": oem}[side]


def specs(side: str, settings: Settings, config: Path) -> list[ChildSpec]:
    """The processes of a side: `up` is both on one machine."""
    environment = {
        ENV_FILE: str(config),
        "BENTOML_DO_NOT_TRACK": "True",
        "BENTOML_HOME": str(settings.gateway_layout.root.absolute() / "bentoml"),
        "PYTHONUNBUFFERED": "1",
    }

    def python(name: str, *arguments: str, stopped: int = 0) -> ChildSpec:
        return ChildSpec(name, (sys.executable, *arguments), {**environment, PIPELINE: name}, stopped)

    gateway = [_with_few_heaps(python("gateway", "-m", "labrelay", "process", "gateway", stopped=1))]
    if not settings.redis.url:
        where = str(settings.gateway_layout.redis), str(settings.redis.port)
        gateway.insert(0, python("redis", "-m", REDIS_PROCESS, *where, stopped=2))
    gateway += [python(name, *_pipeline(name, settings)) for name in settings.pipelines.served]
    oem = [python("oem", "-m", "labrelay", "process", "oem")]
    return {"up": gateway + oem, "gateway": gateway, "oem": oem}[side]


def _with_few_heaps(spec: ChildSpec) -> ChildSpec:
    return replace(spec, environment={ARENAS: os.environ.get(ARENAS, "2"), **spec.environment})


def _pipeline(name: str, settings: Settings) -> tuple[str, ...]:
    if name in bentos(settings):
        port = str(settings.pipeline_port(name))
        served = ("-m", "bentoml", "serve", BENTOS.get(name, OWN_MODEL), "--host", settings.bind, "--port", port)
        return (*served, *_tls(settings.access))
    if name in WORKERS:
        return ("-m", WORKERS[name])
    known = ", ".join([*BENTOS, *WORKERS])
    raise SettingsInvalid(f"There is no pipeline {name!r} to run.", next_step=f"Known: {known}.")


def _tls(access: Access) -> tuple[str, ...]:
    if access.certificate is None or access.key is None:
        return ()
    return ("--ssl-certfile", str(access.certificate.resolve()), "--ssl-keyfile", str(access.key.resolve()))
