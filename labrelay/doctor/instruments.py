"""The instruments: paused or silent ones, folders that can't be reached, trouble on their side."""

from collections.abc import Iterator
from typing import Any, Final

from labrelay.contracts.pauses import Pauses
from labrelay.doctor.finding import Finding
from labrelay.doctor.patient import Patient
from labrelay.pause import PauseFiles

SILENT_S: Final = 120.0
THEIRS: Final = ("awaiting_input", "returning", "receiving")


def pauses(patient: Patient) -> Iterator[Finding]:
    """What is paused, here and elsewhere."""
    found = PauseFiles(patient.settings.oem_layout).read()
    own = found.instrument is not None
    step = "`labrelay resume`" if own else "Resume it on the gateway's dashboard."
    detail = found.text or "nothing is paused here"
    yield Finding.of("pause", not found.active, detail, step, "labrelay resume" if own else "")
    others: dict[str, Any] = patient.ask("job_repository", "/api/v2/instruments") or {}
    for name, told in others.items():
        paused = Pauses.model_validate(told)
        if paused.active and paused != found:
            command = f"labrelay resume --instrument {name}"
            yield Finding.of(f"instrument {name}", False, paused.text, "Resume it where it was paused.", command)


def silent(patient: Patient) -> Iterator[Finding]:
    """Instruments that haven't called for a while though their jobs wait for them."""
    health = patient.health
    if not health or health["heard_for_s"] < SILENT_S:
        return
    contacts = health["contacts"]
    away = {name: told["silent_s"] for name, told in contacts.items() if told["silent_s"] > SILENT_S}
    for name in _waited_for(patient) - contacts.keys():
        away[name] = health["heard_for_s"]
    for name, seconds in sorted(away.items()):
        detail = f"hasn't called for {seconds / 60:,.0f} minutes or more"
        step = "Look whether its PC is on, labrelay runs there and reaches the gateway's edge port. Its jobs wait."
        yield Finding.of(f"instrument {name}", False, detail, step, f"labrelay doctor   # on the PC of {name}")


def watched(patient: Patient) -> Iterator[Finding]:
    """The watched folders, as the watcher sees them."""
    status = patient.ask("file_watcher", "/api/v2/status") or {"folders": [], "refused": []}
    for folder in status["folders"]:
        name, away, troubles = folder["name"], folder["unreachable"], folder["troubles"]
        step = f"Bring {folder['path']} back (is the share mounted?); nothing is lost meanwhile."
        if away:
            yield Finding.of(f"share {name}", False, away, step, f"ls -ld {folder['path']}")
        elif troubles:
            yield Finding.of(f"share {name}", False, "; ".join(troubles[:3]), "Let labrelay's user read them.")
        else:
            yield Finding.of(f"share {name}", True, f"{folder['found']:,} contents, {folder['waiting']:,} unfinished")
    if refused := status["refused"]:
        detail = f"{len(refused)} files are refused by the gateway, the first: {refused[0]['cause']}"
        yield Finding.of("refused files", False, detail, "Rename the file, or correct the pattern that reads its name.")


def way_to_the_gateway(patient: Patient) -> Iterator[Finding]:
    """Whether the instrument's side reaches its gateway."""
    for port, names in (("data_organizer", ("announce", "ended")), ("file_sender_oem", ("trouble",))):
        told = patient.ask(port, "/api/v2/status") or {}
        for trouble in filter(None, (told.get(name) for name in names)):
            step = f"Look whether the gateway runs and {patient.settings.edge_url} can be reached from here."
            yield Finding.of("gateway", False, str(trouble), step, f"curl -sS {patient.settings.edge_url}/")
            return


def _waited_for(patient: Patient) -> set[str]:
    jobs = [job for stage in THEIRS for job in patient.jobs(stage, 500)]
    return {job["source"]["instrument"] for job in jobs if job["source"]["returns"] == "instrument"}
