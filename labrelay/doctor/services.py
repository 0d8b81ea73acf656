"""The services: who answers, which version and which clock the other side has."""

from collections.abc import Iterator
from typing import Any, Final

from labrelay import __version__
from labrelay.doctor.finding import Finding, Severity
from labrelay.doctor.patient import Patient
from labrelay.errors import LabrelayError
from labrelay.http.client import Client
from labrelay.supervisor import GATEWAY, OEM, bentos
from labrelay.words import Told

OFF_S: Final = 60.0


def services(patient: Patient) -> Iterator[Finding]:
    """Whether each service of the sides that belong here is ready."""
    for side, here, start in ((OEM, patient.is_oem, "oem"), (GATEWAY, patient.is_gateway, "gateway")):
        for name in side:
            answer = patient.answers[name]
            if isinstance(answer, str):
                yield Finding.of(name, True, answer)
            elif here:
                step = Told("Start it with `labrelay up` (`labrelay {side}` where the sides are apart).", side=start)
                yield Finding.of(name, False, answer.cause, step, "labrelay up")
            else:
                yield Finding(name, Severity.NOTE, Told("runs on another machine"))


def models(patient: Patient) -> Iterator[Finding]:
    """Whether each pipeline that should run here has compiled its model; its own answer says why not."""
    settings = patient.settings
    for name in bentos(settings) if patient.is_gateway else ():
        log, check = settings.data / "run" / f"{name}.log", Told("pipeline {name}", name=name)
        try:
            Client.of_pipeline(settings, name, retries=0).request("GET", "/readyz", read_s=3)
            yield Finding.of(check, True, Told("ready"))
        except LabrelayError as error:
            step = Told("Start it with `labrelay up`, or look into {log}.", log=log)
            yield Finding.of(check, False, error.cause, step, f"tail -n 50 {log}")


def other_side(patient: Patient) -> Iterator[Finding]:
    """Version and clock of the gateway as this side heard them, and of the instruments as the gateway did."""
    heard: dict[str, Any] = patient.organizer.get("gateway", {})
    if heard.get("version"):
        yield from _compared(Told("gateway"), heard["version"], __version__, heard["ahead_s"])
    for name, contact in patient.health.get("contacts", {}).items():
        yield from _compared(
            Told("instrument {name}", name=name), contact["version"], patient.health["version"], contact["ahead_s"]
        )


def _compared(who: str, version: str, own: str, ahead_s: float | None) -> Iterator[Finding]:
    same = version in ("", own)
    detail = Told("version {version}", version=version) if version else Told("version not told")
    if not same:
        detail = Told("version {version}, here {own}", version=version, own=own)
    step = Told("Bring both sides to one version: the gateway first.")
    yield Finding.of(Told("version {who}", who=who), same, detail, step, "pip show labrelay")
    if ahead_s is not None:
        off = round(abs(ahead_s))
        step = Told(
            "Let both machines take their time from one server (NTP): times on pages and in the audit mislead else."
        )
        told = Told("its clock is {n} s behind", n=off) if ahead_s <= 0 else Told("its clock is {n} s ahead", n=off)
        yield Finding.of(Told("clock {who}", who=who), abs(ahead_s) < OFF_S, told, step, "date -u")
