"""Files: temporary ones that nobody finishes, some that no job names, some that jobs name and that aren't there."""

import time
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Final

from labrelay.doctor.finding import Finding, Severity
from labrelay.doctor.jobs import number_of
from labrelay.doctor.patient import Patient
from labrelay.files import digest_file, inside, is_temporary
from labrelay.layout import GatewayLayout
from labrelay.words import Told

DAY_S: Final = 86_400.0
MOST: Final = 200_000
AT_ONCE: Final = 1000
FETCHED: Final = ("returning", "receiving")
NEEDED: Final = ("gathering", "ready", "launched", "processing", "reported")


def temporary(patient: Patient) -> Iterator[Finding]:
    """Temporary files that are older than a day."""
    settings = patient.settings
    root = settings.gateway_layout.root
    places = [root / name for name in ("inputs", "work", "outputs")] if patient.is_gateway else []
    if patient.is_oem:
        places.append(settings.oem.output_folder)
    limit = time.time() - DAY_S
    old = [path for place in places for path in _files(place) if is_temporary(path.name) and _age(path) < limit]
    detail = Told("none is older than a day")
    if old:
        detail = Told("{count} older than a day, the first: {path}", count=len(old), path=old[0])
    step = Told("Start the side that they lie on again: it removes those that nobody resumes.")
    yield Finding.of(Told("temporary files"), not old, detail, step, f"ls -l {old[0].parent}" if old else "")


def orphans(patient: Patient) -> Iterator[Finding]:
    """What lies in the gateway's stores and belongs to no job or capture."""
    if not patient.health:
        return
    layout = patient.settings.gateway_layout
    for name in ("outputs", "work"):
        folders = [path for path in _folders(layout.root / name) if len(path.name) == 36]
        lost = _unknown_jobs(patient, [path.name for path in folders])
        yield _orphans(name, lost, layout.root / name)
    strays: list[str] = []
    for store in _folders(layout.root / "inputs"):
        if not store.name.startswith("."):
            strays += _unknown_contents(patient, store)
    yield _orphans("inputs", strays, layout.root / "inputs")


def missing(patient: Patient) -> Iterator[Finding]:
    """What unfinished jobs name and that isn't there."""
    if not patient.health:
        return
    layout = patient.settings.gateway_layout
    gone = [job["id"] for stage in FETCHED for job in patient.jobs(stage, AT_ONCE) if _lacking(layout, job)]
    yield _missing(Told("outputs that wait for their instrument"), gone)
    needed = [job for stage in NEEDED for job in patient.jobs(stage, AT_ONCE)]
    sources = {job["id"]: (job["source"]["instrument"], job["source"]["sha256"]) for job in needed}
    yield _missing(
        Told("inputs of waiting jobs"),
        [job_id for job_id, each in sources.items() if not layout.input_blob(*each).is_file()],
    )


def sealed(patient: Patient) -> Iterator[Finding]:
    """With `--deep`: whether sealed outputs still have their digests."""
    if not (patient.deep and patient.health):
        return
    layout, bad, looked = patient.settings.gateway_layout, [], 0
    for stage in (*FETCHED, "complete"):
        for job in patient.jobs(stage, MOST):
            for output in job["outputs"]:
                found = _places(layout, job["id"], output)
                looked += bool(found)
                if found and not any(digest_file(path)[0] == output["sha256"] for path in found):
                    bad.append(f"{job['id']}/{output['name']}")
    detail = Told("{count} have their digests", count=looked)
    if bad:
        detail = Told("{count} of {all} changed, the first: {name}", count=len(bad), all=looked, name=bad[0])
    step = Told("Look at the gateway's disk; retry those jobs: they are worked on again.")
    command = f"labrelay retry {bad[0][:8]}" if bad else ""
    yield Finding(Told("sealed outputs"), Severity.BROKEN if bad else Severity.OK, detail, step, command)


def _orphans(name: str, lost: Sequence[str], folder: Path) -> Finding:
    detail = Told("all belong to a job")
    if lost:
        detail = Told("{count} belong to nobody, the first: {name}", count=len(lost), name=lost[0])
    step = Told("They come from a push that broke off or from before a restored backup: wait a day, then delete them.")
    severity = Severity.NOTE if lost else Severity.OK
    return Finding(Told("orphans in {name}", name=name), severity, detail, step, f"ls {folder}" if lost else "")


def _missing(what: str, jobs: Sequence[str]) -> Finding:
    detail = Told("all are there")
    if jobs:
        detail = Told("{jobs} without them, the first: {name}", jobs=number_of(len(jobs)), name=jobs[0])
    step = Told("Look at the gateway's disk. Cancel and retry those jobs: their bytes are sent and worked on again.")
    severity = Severity.BROKEN if jobs else Severity.OK
    return Finding(what, severity, detail, step, f"labrelay jobs --json | grep {jobs[0][:8]}" if jobs else "")


def _unknown_jobs(patient: Patient, names: list[str]) -> list[str]:
    told = [patient.tell("job_repository", "/api/v2/health/unknown", {"jobs": each}) for each in _pieces(names)]
    return [job_id for each in told if each for job_id in each["jobs"]]


def _unknown_contents(patient: Patient, store: Path) -> list[str]:
    old = time.time() - DAY_S  # a push is stored before it is announced
    names = [path.name for path in _files(store) if len(path.name) == 64 and _age(path) < old]
    asked = [{"instrument": store.name, "contents": each} for each in _pieces(names)]
    told = [patient.tell("job_repository", "/api/v2/health/unknown", each) for each in asked]
    return [sha256 for each in told if each for sha256 in each["contents"]]


def _lacking(layout: GatewayLayout, job: dict[str, Any]) -> bool:
    return any(not _places(layout, job["id"], output) for output in job["outputs"])


def _places(layout: GatewayLayout, job_id: str, output: dict[str, Any]) -> list[Path]:
    """Where an output may lie: below any attempt, with the sealed size."""
    attempts = _folders(layout.root / "outputs" / job_id)
    files = [inside(folder, output["name"]) for folder in attempts]
    return [file for file in files if file.is_file() and file.stat().st_size == output["size"]]


def _pieces(names: list[str]) -> list[list[str]]:
    return [names[first : first + AT_ONCE] for first in range(0, len(names), AT_ONCE)]


def _folders(place: Path) -> list[Path]:
    return [path for path in place.iterdir() if path.is_dir()] if place.is_dir() else []


def _files(place: Path) -> Iterator[Path]:
    found = place.rglob("*") if place.is_dir() else iter(())
    return islice((path for path in found if path.is_file()), MOST)


def _age(path: Path) -> float:
    """Its last change, seconds since 1970; a file that goes away meanwhile is young."""
    try:
        return path.stat().st_mtime
    except OSError:
        return time.time()
