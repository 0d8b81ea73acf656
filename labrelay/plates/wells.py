"""Wells of microplates, up to 1,536: rows A to AF, columns 1 to 48 (ANSI/SLAS 4-2004)."""

import re
from string import ascii_uppercase
from typing import Final, NamedTuple

ROWS: Final = 32
COLUMNS: Final = 48
_LETTERS: Final = "(?:A[A-F]|[A-Z])"
WELL: Final = rf"{_LETTERS}-?0{{0,2}}[1-9]\d?"
"""A well as names write it: `A1`, `A01`, `A-01`, `AF48`; what stands around it is the user's matter."""
PADDED_WELL: Final = rf"{_LETTERS}(?:0[1-9]|[1-4]\d)"
"""A well whose column has two digits, which hardly anything else looks like."""
_FORM: Final = re.compile(r"([A-Za-z]{1,2})[-_ ]?([0-9]{1,3})")


class Well(NamedTuple):
    """A well by its row and column, both from 1."""

    row: int
    column: int

    @property
    def letters(self) -> str:
        """The row's letters; the row after Z is AA."""
        first, last = divmod(self.row - 1, 26)
        return (ascii_uppercase[first - 1] if first else "") + ascii_uppercase[last]

    @property
    def name(self) -> str:
        """Row letters and a column of two digits, such as `A01`."""
        return f"{self.letters}{self.column:02d}"


def well_of(text: str) -> Well:
    """A well from its name, in any usual spelling.

    Raises:
        ValueError: no plate has such a well.
    """
    form = _FORM.fullmatch(text)
    if form is None:
        raise ValueError(f"{text!r} is not a well")
    return checked(row_of(form[1]), int(form[2]))


def row_of(text: str) -> int:
    """A row's number from its letters or digits.

    Raises:
        ValueError: no plate has such a row.
    """
    if text.isascii() and text.isdigit() and len(text) <= 4:
        return checked(int(text), 1).row
    if not re.fullmatch("[A-Za-z]{1,2}", text):
        raise ValueError(f"{text!r} is not a row")
    *first, last = (ascii_uppercase.index(letter) + 1 for letter in text.upper())
    return checked((first[0] if first else 0) * 26 + last, 1).row


def checked(row: int, column: int) -> Well:
    """The well of a row and a column.

    Raises:
        ValueError: no plate has it.
    """
    if not (1 <= row <= ROWS and 1 <= column <= COLUMNS):
        raise ValueError(f"no plate has a well in row {row} and column {column}")
    return Well(row, column)
