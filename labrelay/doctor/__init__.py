"""The doctor: looks at the machine and the running system; each finding says why it matters and what to do."""

from collections.abc import Callable, Iterable
from typing import Final

from labrelay.doctor import instruments, jobs, leftovers, machine, pipelines, services, stores
from labrelay.doctor.finding import Finding
from labrelay.doctor.patient import Patient

Check = Callable[[Patient], Iterable[Finding]]
CHECKS: Final[tuple[Check, ...]] = (
    *(machine.packages, machine.folders, machine.disks, machine.quarrels),
    *(services.services, services.models, services.other_side),
    *(instruments.pauses, instruments.silent, instruments.watched, instruments.way_to_the_gateway),
    *(pipelines.absent, pipelines.failing, pipelines.queue),
    *(jobs.failed, jobs.overdue, jobs.unattended),
    *(stores.live_store, stores.record, stores.epoch, stores.backup),
    *(leftovers.temporary, leftovers.orphans, leftovers.missing, leftovers.sealed),
)


def examine(patient: Patient) -> list[Finding]:
    """All findings, in the order of the checks."""
    return [finding for check in CHECKS for finding in check(patient)]
