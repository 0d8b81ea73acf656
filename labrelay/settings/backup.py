"""When the gateway backs up its record by itself."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from labrelay.settings.section import Seconds, Section


class Backup(Section):
    """The gateway's own backups; without a folder it makes none.

    Attributes:
        folder: where they go; another disk or a share outlives this one.
        every_s: seconds between two.
        keep: so many of the newest stay, older ones that the schedule made are deleted.
        with_secrets: the gateway's keys go along; whoever reads the folder can then sign as the gateway.
    """

    folder: Path | None = None
    every_s: Seconds = 86_400.0
    keep: Annotated[int, Field(ge=1)] = 14
    with_secrets: bool = False
