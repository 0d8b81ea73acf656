"""How acts on many jobs are called."""

from typing import Final

from labrelay.contracts.actions import ActionKind, ActionState, Outcome
from labrelay.words import N_

TITLES: Final[dict[ActionKind, str]] = {
    "retry": N_("Retry"),
    "reprocess": N_("Reprocess"),
    "cancel": N_("Cancel"),
    "accept": N_("Accept"),
    "reject": N_("Reject"),
    "unsure": N_("Unsure"),
}
MEANS: Final[dict[ActionKind, str]] = {
    "retry": N_("Each job goes on where it failed, with the task that it had then."),
    "reprocess": N_("Each job begins again, with the task that takes its file today."),
    "cancel": N_("Each job ends where it is. It can be retried later."),
    "accept": N_("The results of each job are accepted, in your name. You can change that later; no output changes."),
    "reject": N_("The results of each job are rejected, in your name. You can change that later; no output changes."),
    "unsure": N_(
        "You say of each job that you are unsure of its results. You can change that later; no output changes."
    ),
}
ONE_MEANS: Final[dict[ActionKind, str]] = {
    "retry": N_("It goes on where it failed, with the task that it had then. A set goes on as a whole."),
    "reprocess": N_("It begins again, with the task that takes its file today."),
    "cancel": N_("It ends where it is. It can be retried later."),
}
STATES: Final[dict[ActionState, str]] = {
    "previewed": N_("Only looked at so far"),
    "running": N_("At work"),
    "done": N_("Done"),
    "stopped": N_("Stopped"),
}
OUTCOMES: Final[dict[Outcome, str]] = {
    "done": N_("Done"),
    "skipped": N_("Left alone"),
    "waiting": N_("To come"),
}
