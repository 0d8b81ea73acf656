r"""Regular expressions of other people's making, matched in bounded time.

Python's own `re` can neither be told to stop nor lets other threads go on while it backtracks, and one careless
expression (`(a|aa)+$`) on one long name would halt the intake. The `regex` package keeps `re`'s language, stops at a
time limit and releases the interpreter meanwhile. That earns it its place among the base dependencies.
"""

from typing import Any, Final

import regex

from labrelay.errors import SettingsInvalid, Unprocessable

LIMIT_S: Final = 0.25
"""A usual expression takes less than a thousandth of this, also on the longest path."""
LONGEST_PATH: Final = 1024
"""Characters of a path that are looked at; longer ones are not read at all."""
_TRIALS: Final = ("a" * 120 + "!", "1" * 120 + "!", "_" * 120 + "!", "A01_" * 30 + "!", "a/" * 60 + "!", " a-" * 40)


class PatternTooSlow(Unprocessable):
    """An expression of the settings took too long on a name."""

    code = "pattern_too_slow"
    default_next_step = "Make the expression simpler: no repeats within repeats. `labrelay explain --pattern` tries it."


class Bounded:
    """A regular expression that answers within `LIMIT_S` or not at all.

    Args:
        text: the expression, in the language of Python's `re`.
        where: what errors call it.
        flags: of the `regex` package.

    Raises:
        SettingsInvalid: it isn't an expression, or takes too long on plain names.
    """

    def __init__(self, text: str, where: str, flags: int = 0) -> None:
        self.text = text
        self._where = where
        try:
            self._expression: Any = regex.compile(text, flags)
        except regex.error as error:
            raise SettingsInvalid(
                f"{where}: {text!r} is not a regular expression: {error.msg} (position {error.pos}).",
                next_step="Correct it there (`labrelay explain --pattern` tries it); \\ makes . * + ? ( ) [ ] plain.",
            ) from error
        self._try_out()

    @property
    def groups(self) -> tuple[str, ...]:
        """The names of its groups."""
        return tuple(self._expression.groupindex)

    def search(self, text: str) -> Any:
        """The first match, or None.

        Raises:
            PatternTooSlow: none was found in time.
        """
        try:
            return self._expression.search(text, timeout=LIMIT_S)
        except TimeoutError as error:
            raise PatternTooSlow(f"{self._where}: {self.text!r} took too long on {text!r}.") from error

    def _try_out(self) -> None:
        for trial in _TRIALS:
            try:
                self.search(trial)
            except PatternTooSlow as error:
                raise SettingsInvalid(error.cause, next_step=error.next_step) from error
