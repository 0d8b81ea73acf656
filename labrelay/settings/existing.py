"""What becomes of files that are in a watched folder already at the first look: `take`, `ignore` or `since DATE`."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

EXAMPLE: Final = "write `take`, `ignore` or a date as in `since 2026-01-31` or `since 2026-01-31T08:00+01:00`"


@dataclass(frozen=True)
class Existing:
    """The choice for files that are there already.

    Attributes:
        kind: `take` them all, `ignore` them until they change, or take those `since` a time.
        since: files that were changed last before it are left out; None for other kinds.
    """

    kind: Literal["take", "ignore", "since"]
    since: datetime | None = None

    @property
    def since_ns(self) -> int:
        """`since` in nanoseconds as `stat` counts them; for `take` the beginning of time, for `ignore` its end."""
        if self.since is None:
            return 0 if self.kind == "take" else 1 << 63
        return int(self.since.replace(microsecond=0).timestamp()) * 10**9 + self.since.microsecond * 1000


def existing_of(text: str) -> Existing:
    """Read the setting; a time without a zone is this machine's.

    Raises:
        ValueError: it is none of the three.
    """
    kind, _, rest = text.strip().partition(" ")
    match kind.lower(), rest.strip():
        case "take", "":
            return Existing("take")
        case "ignore", "":
            return Existing("ignore")
        case "since", date if date:
            return Existing("since", _instant(date))
    raise ValueError(f"existing: {text!r} is none of its values; {EXAMPLE}")


def _instant(text: str) -> datetime:
    try:
        told = datetime.fromisoformat(text)
        return told if told.tzinfo else told.astimezone()
    except (ValueError, OverflowError, OSError) as error:  # years far off have no local time
        raise ValueError(f"existing: {text!r} is no date ({error}); {EXAMPLE}") from error
