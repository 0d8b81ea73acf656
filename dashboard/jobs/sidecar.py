"""What a pipeline wrote beside its results: the model that it used, and how long each part took."""

import json
from typing import Any, Final

from labrelay.contracts.jobs import Job
from labrelay.errors import LabrelayError
from labrelay.http import Client
from labrelay.words import N_, _

ENDING: Final = "_provenance.json"
LONGEST: Final = 256 * 1024
PARTS: Final[dict[str, str]] = {
    "read": N_("Read the image"),
    "normalise": N_("Even out its brightness"),
    "network": N_("Run the model"),
    "instances": N_("Tell objects apart"),
    "measurements": N_("Measure them"),
    "quality": N_("Judge the image's quality"),
}

Facts = tuple[tuple[str, str], ...]


def read_sidecar(sender: Client, job: Job) -> dict[str, Any]:
    """The job's sidecar; empty where there is none, or where it can't be read now: the page does without."""
    index = next((at for at, output in enumerate(job.outputs) if output.name.endswith(ENDING)), None)
    if index is None or job.outputs[index].size > LONGEST:
        return {}
    try:
        told = json.loads(sender.request("GET", f"/api/v1/transmitFile/{job.id}/{index}").content)
    except (LabrelayError, ValueError):
        return {}
    return told if isinstance(told, dict) else {}


def model_of(sidecar: dict[str, Any]) -> Facts:
    """The model's name, version, precision and digest."""
    model = sidecar.get("model")
    if not isinstance(model, dict):
        return ()
    named = (("name", _("Model")), ("version", _("Model version")), ("precision", _("Precision")))
    facts = [(title, str(model[name])) for name, title in named if model.get(name)]
    return (*facts, *(((_("Model SHA-256"), str(model["sha256"])),) if model.get("sha256") else ()))


def parts_of(sidecar: dict[str, Any]) -> Facts:
    """How long each part of the analysis took, as the pipeline measured it."""
    told = sidecar.get("seconds")
    if not isinstance(told, dict):
        return ()
    return tuple(
        (_(PARTS.get(str(name), str(name))), f"{took:.2f} s") for name, took in told.items() if isinstance(took, float)
    )
