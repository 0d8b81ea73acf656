"""The gateway's services in the order in which their calls are shown."""

from dataclasses import dataclass
from typing import Final

from labrelay.words import N_


@dataclass(frozen=True)
class Service:
    """One service that answers calls.

    Attributes:
        port: its name in the settings' `ports`.
        title: what it is.
        about: what its calls are for.
    """

    port: str
    title: str
    about: str


SERVICES: Final = (
    Service(
        "data_organizer_gateway",
        N_("The integrator's address"),
        N_("Takes pushed files, and passes on the calls that read their results: one address for a program."),
    ),
    Service(
        "job_repository",
        N_("Job repository"),
        N_("Jobs, plates, tasks, alarms and the audit trail: what there is, and what people decide."),
    ),
    Service("file_sender_gateway", N_("File sender"), N_("The bytes: inputs, and sealed outputs.")),
    Service(
        "registry",
        N_("Pipeline registry"),
        N_("Pipelines and models, and images with what was found in them."),
    ),
    Service("task_launcher", N_("Task launcher"), N_("Which task takes a file, what waits, and who goes first.")),
    Service("file_receiver_gateway", N_("File receiver"), N_("Takes files from instruments' sides, and lets them go.")),
    Service("dashboard", N_("Dashboard"), N_("The pages' own service.")),
)
"""The first passes calls on, so it shows only those that nobody else describes."""
