"""What can be wrong with a backup."""

from labrelay.errors import LabrelayError, RequestRefused, ServiceUnavailable


class BackupBroken(LabrelayError):
    """A backup isn't what was written, or is none."""

    code = "backup_broken"
    default_next_step = "Take an older backup; `labrelay restore --dry-run FILE` checks one."


class BackupTooNew(RequestRefused):
    """A newer labrelay made the backup, and this one doesn't know its form."""

    code = "backup_too_new"
    default_next_step = "Install the version of labrelay that the cause names, or a newer one, and restore again."


class BackupFailed(ServiceUnavailable):
    """A backup couldn't be written."""

    code = "backup_failed"
    default_next_step = "Look whether the folder is there, can be written and has room; it is tried again by itself."


class PlaceTaken(RequestRefused):
    """A gateway's data lie already where a backup shall be restored, or run there."""

    code = "restore_place_taken"
    default_next_step = "Name an empty data folder in the settings, or say `--force`: what is there is kept aside."
