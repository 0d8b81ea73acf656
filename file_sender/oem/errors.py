"""What can be wrong with an input on the instrument."""

from labrelay.errors import InputProblem, ServiceUnavailable


class InputMissing(InputProblem):
    """The file is gone while its folder is there."""

    code = "input_missing"
    default_next_step = "Put the file back and retry the job, or leave it if it was removed on purpose."


class InputChanged(InputProblem):
    """The file holds other bytes than those that were announced; its new content becomes a capture of its own."""

    code = "input_changed"
    default_next_step = "Nothing: the new content gets its own job."


class InputUnreadable(InputProblem):
    """The file may not be read."""

    code = "input_unreadable"
    default_next_step = "Give the account that runs labrelay the right to read the folder, then retry the job."


class FolderAway(ServiceUnavailable):
    """The watched folder can't be reached; nothing is said about its files."""

    code = "folder_away"
    default_next_step = "Connect the share again; labrelay goes on by itself."
