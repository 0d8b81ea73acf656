"""What can be wrong with outputs on the instrument's side."""

from labrelay.errors import ServiceUnavailable


class OutputDamaged(ServiceUnavailable):
    """The bytes that came are not the sealed ones; they were dropped and are pulled again."""

    code = "output_damaged"
    default_next_step = "Wait: labrelay pulls them again. If it goes on, check the network and the disks."


class OutputFolderBlocked(ServiceUnavailable):
    """Nothing can be written into the output folder: away, read-only or full."""

    code = "output_folder_blocked"
    default_next_step = "Connect the folder, make it writable or free space; labrelay goes on by itself."


class NameTaken(ServiceUnavailable):
    """A file that is not labrelay's stands where an output should go; the output gets another name."""

    code = "name_taken"
