"""The instruments: paused or silent ones, folders that can't be reached, trouble on their side."""

from collections.abc import Iterator
from typing import Any, Final

from labrelay.contracts.pauses import Pauses
from labrelay.doctor.finding import Finding
from labrelay.doctor.patient import Patient
from labrelay.pause import PauseFiles
from labrelay.words import Counted, Told

SILENT_S: Final = 120.0
THEIRS: Final = ("awaiting_input", "returning", "receiving")


def pauses(patient: Patient) -> Iterator[Finding]:
    """What is paused, here and elsewhere."""
    found = PauseFiles(patient.settings.oem_layout).read()
    own = found.instrument is not None
    step = "`labrelay resume`" if own else Told("Resume it on the gateway's dashboard.")
    detail = found.text or Told("nothing is paused here")
    yield Finding.of(Told("pause"), not found.active, detail, step, "labrelay resume" if own else "")
    others: dict[str, Any] = patient.ask("job_repository", "/api/v2/instruments") or {}
    for name, told in others.items():
        paused = Pauses.model_validate(told)
        if paused.active and paused != found:
            command = f"labrelay resume --instrument {name}"
            step = Told("Resume it where it was paused.")
            yield Finding.of(Told("instrument {name}", name=name), False, paused.text, step, command)


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
        detail = Told("hasn't called for {minutes} minutes or more", minutes=round(seconds / 60))
        step = Told(
            "Look whether its PC is on, labrelay runs there and reaches the gateway's edge port. Its jobs wait."
        )
        yield Finding.of(
            Told("instrument {name}", name=name), False, detail, step, f"labrelay doctor   # on the PC of {name}"
        )


def watched(patient: Patient) -> Iterator[Finding]:
    """The watched folders, as the watcher sees them."""
    status = patient.ask("file_watcher", "/api/v2/status") or {"folders": [], "refused": []}
    for folder in status["folders"]:
        name, away, troubles = folder["name"], folder["unreachable"], folder["troubles"]
        check = Told("share {name}", name=name)
        step = Told("Bring {path} back (is the share mounted?); nothing is lost meanwhile.", path=folder["path"])
        if away:
            yield Finding.of(check, False, away, step, f"ls -ld {folder['path']}")
        elif troubles:
            yield Finding.of(check, False, "; ".join(troubles[:3]), Told("Let labrelay's user read them."))
        else:
            found, waiting = folder["found"], folder["waiting"]
            detail = Told("{found} contents, {waiting} unfinished", found=found, waiting=waiting)
            yield Finding.of(check, True, detail)
    if refused := status["refused"]:
        detail = Counted(
            "{n} file is refused by the gateway: {cause}",
            "{n} files are refused by the gateway, the first: {cause}",
            n=len(refused),
            cause=refused[0]["cause"],
        )
        step = Told("Rename the file, or correct the pattern that reads its name.")
        yield Finding.of(Told("refused files"), False, detail, step)


def way_to_the_gateway(patient: Patient) -> Iterator[Finding]:
    """Whether the instrument's side reaches its gateway."""
    for port, names in (("data_organizer", ("announce", "ended")), ("file_sender_oem", ("trouble",))):
        told = patient.ask(port, "/api/v2/status") or {}
        for trouble in filter(None, (told.get(name) for name in names)):
            url = patient.settings.edge_url
            step = Told("Look whether the gateway runs and {url} can be reached from here.", url=url)
            yield Finding.of(Told("gateway"), False, str(trouble), step, f"curl -sS {patient.settings.edge_url}/")
            return


def _waited_for(patient: Patient) -> set[str]:
    jobs = [job for stage in THEIRS for job in patient.jobs(stage, 500)]
    return {job["source"]["instrument"] for job in jobs if job["source"]["returns"] == "instrument"}
