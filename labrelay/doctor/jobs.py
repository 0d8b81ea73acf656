"""The jobs: failed, overdue by reason, and those that nobody takes further."""

from collections.abc import Iterator
from typing import Any

from labrelay.doctor.finding import Finding, Severity
from labrelay.doctor.patient import Patient


def failed(patient: Patient) -> Iterator[Finding]:
    """Jobs that need a person, by their codes."""
    summary = patient.ask("job_repository", "/api/v2/summary")
    if summary is None:
        return
    codes: dict[str, int] = summary["failures"]
    worst = ", ".join(f"{count:,} {code}" for code, count in sorted(codes.items(), key=lambda each: -each[1])[:4])
    detail = f"{sum(codes.values()):,} failed" + (f" ({worst})" if worst else "")
    step = "`labrelay jobs --stage failed`, then `labrelay retry`."
    yield Finding.of("failures", not codes, detail, step, "labrelay jobs --stage failed")


def overdue(patient: Patient) -> Iterator[Finding]:
    """Jobs that take longer than usual, by the reason that they tell."""
    for group in patient.health.get("overdue", []):
        detail = f"{number_of(group['count'])}: {group['what']}"
        step = "Do what the reason says; the jobs wait and go on by themselves."
        yield Finding.of("overdue", False, detail, step, _look_at(group))


def unattended(patient: Patient) -> Iterator[Finding]:
    """Jobs whose owner neither took them further nor said why."""
    for group in patient.health.get("unattended", []):
        detail = f"{number_of(group['count'])} at a standstill, and {group['what']} doesn't say why"
        step = f"Look into the log of the side that runs {group['what']}, then start that side again."
        yield Finding("standing still", Severity.BROKEN, detail, step, _look_at(group))


def number_of(jobs: int) -> str:
    """So many jobs, in words."""
    return f"{jobs:,} job{'' if jobs == 1 else 's'}"


def _look_at(group: dict[str, Any]) -> str:
    return f"curl -s http://127.0.0.1:59784/api/v2/jobs/{group['jobs'][0]}/timeline" if group["jobs"] else ""
