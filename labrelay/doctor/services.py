"""The services: who answers, which version and which clock the other side has."""

from collections.abc import Iterator
from typing import Any, Final

from labrelay import __version__
from labrelay.doctor.finding import Finding, Severity
from labrelay.doctor.patient import Patient
from labrelay.errors import LabrelayError
from labrelay.http.client import Client
from labrelay.supervisor import GATEWAY, OEM, bentos

OFF_S: Final = 60.0


def services(patient: Patient) -> Iterator[Finding]:
    """Whether each service of the sides that belong here is ready."""
    for side, here, start in ((OEM, patient.is_oem, "oem"), (GATEWAY, patient.is_gateway, "gateway")):
        for name in side:
            answer = patient.answers[name]
            if isinstance(answer, str):
                yield Finding.of(name, True, answer)
            elif here:
                step = f"Start it with `labrelay up` (`labrelay {start}` where the sides are apart)."
                yield Finding.of(name, False, answer.cause, step, "labrelay up")
            else:
                yield Finding(name, Severity.NOTE, "runs on another machine")


def models(patient: Patient) -> Iterator[Finding]:
    """Whether each pipeline that should run here has compiled its model; its own answer says why not."""
    settings = patient.settings
    for name in bentos(settings) if patient.is_gateway else ():
        log = settings.data / "run" / f"{name}.log"
        try:
            Client.of_pipeline(settings, name, retries=0).request("GET", "/readyz", read_s=3)
            yield Finding.of(f"pipeline {name}", True, "ready")
        except LabrelayError as error:
            step = f"Start it with `labrelay up`, or look into {log}."
            yield Finding.of(f"pipeline {name}", False, error.cause, step, f"tail -n 50 {log}")


def other_side(patient: Patient) -> Iterator[Finding]:
    """Version and clock of the gateway as this side heard them, and of the instruments as the gateway did."""
    heard: dict[str, Any] = patient.organizer.get("gateway", {})
    if heard.get("version"):
        yield from _compared("gateway", heard["version"], __version__, heard["ahead_s"])
    for name, contact in patient.health.get("contacts", {}).items():
        yield from _compared(f"instrument {name}", contact["version"], patient.health["version"], contact["ahead_s"])


def _compared(who: str, version: str, own: str, ahead_s: float | None) -> Iterator[Finding]:
    same = version in ("", own)
    detail = f"version {version or 'not told'}" + ("" if same else f", here {own}")
    step = "Bring both sides to one version: the gateway first."
    yield Finding.of(f"version {who}", same, detail, step, "pip show labrelay")
    if ahead_s is not None:
        way = "ahead" if ahead_s > 0 else "behind"
        step = "Let both machines take their time from one server (NTP): times on pages and in the audit mislead else."
        told = f"its clock is {abs(ahead_s):,.0f} s {way}"
        yield Finding.of(f"clock {who}", abs(ahead_s) < OFF_S, told, step, "date -u")
