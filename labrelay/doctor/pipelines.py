"""The pipelines: absent ones, those that fail everything, queues that grow."""

from collections.abc import Iterator
from typing import Any, Final

from labrelay.doctor.finding import Finding, Severity
from labrelay.doctor.jobs import number_of
from labrelay.doctor.patient import Patient
from labrelay.doctor.unserved import way_out

FAILURES: Final = 3
QUEUE: Final = 50
GROWS: Final = 1.2


def absent(patient: Patient) -> Iterator[Finding]:
    """Pipelines that tasks send files to while nobody serves them, and those that are paused."""
    for row in patient.ask("task_launcher", "/api/v2/pipelines") or []:
        topic = row["topic"]
        if row["carrier"] == "streams" and row["alive"] is False:
            detail = "tasks send files to it, and nobody serves it"
            step = way_out(topic, patient.settings)
            yield Finding.of(f"pipeline {topic}", False, detail, step, "labrelay model list")
        if row["paused"]:
            severity = Severity.LOOK if row["ready"] else Severity.NOTE
            step = "Resume it when it may go on."
            yield Finding(
                f"pipeline {topic} {row['mode']}",
                severity,
                f"{number_of(row['ready'])} waiting",
                step,
                "labrelay status",
            )


def failing(patient: Patient) -> Iterator[Finding]:
    """Pipelines all of whose attempts failed lately."""
    for topic, told in patient.health.get("pipelines", {}).items():
        if told["failed"] >= FAILURES and not told["worked"]:
            detail = f"all of its last {told['failed']} attempts failed within an hour"
            step = "Look at one of the failures and at the pipeline's log before you retry."
            yield Finding.of(f"pipeline {topic}", False, detail, step, "labrelay jobs --stage failed --limit 5")


def queue(patient: Patient) -> Iterator[Finding]:
    """Whether more comes than is worked off."""
    flow: dict[str, Any] = patient.health.get("flow", {})
    if not flow:
        return
    waits, minutes = flow["waiting"], flow["over_s"] / 60
    grows = waits > QUEUE and flow["arrived"] > GROWS * max(1, flow["ended"])
    detail = f"{waits:,} jobs wait; {flow['arrived']:,} came and {flow['ended']:,} ended within {minutes:.0f} minutes"
    step = "It works itself off when less comes; else add a replica of the pipeline, or a second machine for it."
    yield Finding.of("queue", not grows, detail, step, "labrelay status")
