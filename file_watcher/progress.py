"""How far the files are that were there already when the watcher started."""

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Progress:
    """Of one folder, from the end of the first scan on.

    Attributes:
        files: files that the first scan saw.
        of: those that the journal didn't know yet: they have to be hashed.
        hashed: so many of them are dealt with.
        taken: new contents that were written down since the start.
        bytes_left: bytes that are still to be hashed.
    """

    files: int
    of: int
    bytes_left: int
    hashed: int = 0
    taken: int = 0

    @property
    def done(self) -> bool:
        """Whether all of them are dealt with."""
        return self.hashed == self.of

    def after(self, left: int, bytes_left: int, taken: int) -> "Progress":
        """Some time later; never goes back."""
        if self.done:
            return self
        hashed = max(self.hashed, self.of - left)
        return replace(self, hashed=hashed, bytes_left=0 if hashed == self.of else bytes_left, taken=taken)
