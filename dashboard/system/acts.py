"""Acts of the audit trail in plain words."""

from typing import Final

from labrelay.words import N_, _

ACTS: Final[dict[str, str]] = {
    "job_final": N_("A job ended"),
    "retry": N_("A job was retried"),
    "cancel": N_("A job was cancelled"),
    "reprocess": N_("A job was processed again"),
    "edit": N_("A job was changed by a person"),
    "restored": N_("A job was restored from the record"),
    "verdict": N_("A verdict was given"),
    "exclusions": N_("Objects were left out of a count, or taken back in"),
    "task_created": N_("A task was made"),
    "task_changed": N_("A task was changed"),
    "task_deleted": N_("A task was deleted"),
    "instrument_paused": N_("An instrument was paused"),
    "instrument_resumed": N_("An instrument goes on"),
    "instrument_drained": N_("An instrument is being drained"),
    "instrument_undrained": N_("An instrument sends again"),
    "instrument_released": N_("An instrument's name was given free"),
    "alarm_rule_set": N_("An alarm was set"),
    "alarm_rule_removed": N_("An alarm was taken away"),
    "alarm_raised": N_("An alarm was raised"),
    "alarm_acknowledged": N_("Somebody looks after an alarm"),
    "alarm_cleared": N_("An alarm is over"),
    "alarm_tested": N_("A test message was sent"),
    "pipeline_paused": N_("A pipeline was paused"),
    "pipeline_running": N_("A pipeline goes on"),
    "pipeline_draining": N_("A pipeline is being drained"),
    "token_created": N_("A token was made"),
    "token_revoked": N_("A token was revoked"),
    "view_kept": N_("A view was kept"),
    "view_removed": N_("A view was removed"),
    "action_running": N_("An act on many jobs began"),
    "action_done": N_("An act on many jobs ended"),
    "action_stopped": N_("An act on many jobs was stopped"),
    "retention_released": N_("Retention let a file go"),
    "retention_deleted": N_("Retention deleted a file"),
    "retention_kept": N_("Retention kept a file after all"),
    "settings_changed": N_("Settings were changed"),
    "pruned": N_("Old rows left the trail"),
    "restored_backup": N_("A backup was restored"),
    "failures_waived": N_("Failures were accepted as they are"),
    "waiver_withdrawn": N_("Accepted failures count again"),
    "hidden": N_("A job was hidden"),
    "plates_first": N_("It was said which plates go first"),
}


def act_words(kind: str) -> str:
    """A kind of act in words; one that this page doesn't know yet keeps its own name."""
    known = ACTS.get(kind)
    return _(known) if known else kind.replace("_", " ").capitalize()
