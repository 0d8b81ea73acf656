"""The jobs: failed, overdue by reason, and those that nobody takes further."""

from collections.abc import Iterator
from typing import Any

from labrelay.doctor.finding import Finding, Severity
from labrelay.doctor.patient import Patient
from labrelay.words import Counted, Told


def failed(patient: Patient) -> Iterator[Finding]:
    """Jobs that need a person, by their codes."""
    summary = patient.ask("job_repository", "/api/v2/summary")
    if summary is None:
        return
    codes: dict[str, int] = summary["failures"]
    worst = ", ".join(f"{count:,} {code}" for code, count in sorted(codes.items(), key=lambda each: -each[1])[:4])
    count = sum(codes.values())
    open_failed = int(summary.get("open", {}).get("failed", count))
    detail = Told("{count} failed", count=count)
    if worst:
        detail = Told("{count} failed ({worst})", count=count, worst=worst)
    if accepted := max(0, count - open_failed):
        detail = Told("{failed}; {accepted} accepted as missing", failed=detail, accepted=accepted)
    step = Told("`labrelay jobs --stage failed`, then `labrelay retry`.")
    yield Finding.of(Told("failures"), not open_failed, detail, step, "labrelay jobs --stage failed")


def overdue(patient: Patient) -> Iterator[Finding]:
    """Jobs that take longer than usual, by the reason that they tell."""
    for group in patient.health.get("overdue", []):
        detail = Told("{jobs}: {reason}", jobs=number_of(group["count"]), reason=group["what"])
        step = Told("Do what the reason says; the jobs wait and go on by themselves.")
        yield Finding.of(Told("overdue"), False, detail, step, _look_at(group))


def unattended(patient: Patient) -> Iterator[Finding]:
    """Jobs whose owner neither took them further nor said why."""
    for group in patient.health.get("unattended", []):
        jobs, service = number_of(group["count"]), group["what"]
        detail = Told("{jobs} at a standstill, and {service} doesn't say why", jobs=jobs, service=service)
        step = Told("Look into the log of the side that runs {service}, then start that side again.", service=service)
        yield Finding(Told("standing still"), Severity.BROKEN, detail, step, _look_at(group))


def number_of(jobs: int) -> str:
    """So many jobs, in words."""
    return Counted("{n} job", "{n} jobs", n=jobs)


def _look_at(group: dict[str, Any]) -> str:
    return f"curl -s http://127.0.0.1:59784/api/v2/jobs/{group['jobs'][0]}/timeline" if group["jobs"] else ""
