"""An instrument's receipts as a file, for comparing them with a record; the receiver's service alone writes it."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from itertools import groupby
from pathlib import Path
from typing import Final

from labrelay.contracts.audit import KeptReceipt
from labrelay.errors import Unprocessable

_QUERY: Final = "SELECT job_id, epoch, attempt, sha256 FROM receipts WHERE state = 'sent' ORDER BY job_id, number"


def kept_receipts(file: Path) -> Iterator[KeptReceipt]:
    """Of each job the outputs of its newest attempt that the gateway has the receipt of; the file isn't changed.

    Raises:
        Unprocessable: it is no file of receipts.
    """
    try:
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            for job_id, rows in groupby(connection.execute(_QUERY), key=lambda row: row[0]):
                places = list(rows)
                newest = max((epoch, attempt) for _, epoch, attempt, _ in places)
                mine = tuple(sha256 for _, epoch, attempt, sha256 in places if (epoch, attempt) == newest)
                yield KeptReceipt(job_id=job_id, outputs=mine)
    except sqlite3.DatabaseError as error:
        raise Unprocessable(f"{file} can't be read as receipts ({error}).", next_step="Give an intact copy.") from error
