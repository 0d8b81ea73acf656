"""Tiles: of a job what a row, a well or a card shows of it, so that nobody asks for a thousand whole jobs."""

from typing import Final

from labrelay.contracts.base import Contract
from labrelay.contracts.states import Stage

MOST_TILES: Final = 400
"""Ids in one call: more don't fit into an address."""


class Tile(Contract):
    """What a list or a plate's map shows of one job.

    Attributes:
        seq: the running number of the newest step that is in it; a tile with a smaller one is older.
        folder: the watched folder; `path` lies below it, and `name` is its last part.
        task: the task's description, and `pipeline` its topic; empty where no task took the file.
        plate: the plate's id, and `plate_name` what people call it; a file may have a name of a plate and no id.
        well: `A01`; as the file's name tells it where no plate has such a well; empty where none is told.
        site: the field within the well.
        result: the pipeline's results as text (`CellCount, 598`).
        count: the main count of a pipeline that completed, None without one.
        flags: the pipeline's quality flags.
        code: the failure's, empty where nothing failed.
        cause: why it failed, or what it is overdue for.
        created_ns: wall clock of the gateway, nanoseconds since 1970, as `updated_ns`.
        final: nobody needs to act any more.
        accepted: it failed, and somebody accepted that as missing.
    """

    id: str
    seq: int
    stage: Stage
    instrument: str
    folder: str
    path: str
    name: str
    task: str
    pipeline: str
    plate: str
    plate_name: str
    well: str
    site: str
    result: str
    count: float | None
    flags: tuple[str, ...]
    code: str
    cause: str
    created_ns: int
    updated_ns: int
    final: bool
    accepted: bool = False


class TilePage(Contract):
    """Tiles in the order asked for; `next` goes into the next call's `after`."""

    items: tuple[Tile, ...]
    next: str | None = None
