"""The tests' own oracle: it knows what was written and looks into folders; it never asks a service.

The pipelines of these tests copy their input, so each written content must lie exactly once below the output folder.
Nothing of the product is used here: digests, names of temporary files and the log of inferences are looked at anew.
"""

import hashlib
import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

TEMPORARY = ".labrelay-part"


@dataclass(frozen=True)
class Verdict:
    """What the oracle saw.

    Attributes:
        missing: written names whose content lies nowhere in the output folder.
        doubled: written names whose content lies there more than once.
        strange: files there whose content nobody ever wrote.
        temporary: unfinished files, on either side.
        rotten: contents in the gateway's input store that don't have the digest they are named by.
    """

    missing: tuple[str, ...] = ()
    doubled: tuple[str, ...] = ()
    strange: tuple[str, ...] = ()
    temporary: tuple[str, ...] = ()
    rotten: tuple[str, ...] = ()

    @property
    def well(self) -> bool:
        return self == Verdict()


@dataclass
class Oracle:
    """Looks at one system's folders.

    Args:
        results: the OEM side's output folder.
        gateway: the gateway's own data folder (`<data>/gateway`).
        inferences: the file in which the pipelines themselves write a line with the content's digest at each start.
        images: the watched folder.
    """

    results: Path
    gateway: Path
    inferences: Path
    images: Path
    _known: dict[Path, tuple[tuple[int, int, int], str]] = field(default_factory=dict)

    def look(self, written: Mapping[str, str], ever: frozenset[str] = frozenset()) -> Verdict:
        """Compare what was written with what lies in the folders.

        Args:
            written: name → hex SHA-256 of its last content.
            ever: digests of contents that stood under a name before.
        """
        outputs = {path: digest for path in files_below(self.results) if (digest := self._output(path))}
        found = Counter(outputs.values())
        known = ever | set(written.values())
        return Verdict(
            missing=tuple(name for name, digest in written.items() if not found[digest]),
            doubled=tuple(name for name, digest in written.items() if found[digest] > 1),
            strange=tuple(str(path) for path, digest in outputs.items() if digest not in known),
            temporary=self._temporary(),
            rotten=self._rotten(),
        )

    def wasted(self) -> int:
        """Inferences beyond the first of each content."""
        lines = self.inferences.read_text().split("\n")[:-1] if self.inferences.exists() else []
        return len(lines) - len(set(lines))

    def _output(self, path: Path) -> str:
        own = path.relative_to(self.results).parts[0] == ".labrelay"
        return "" if own or path.name.endswith(TEMPORARY) else self._digest(path)

    def _temporary(self) -> tuple[str, ...]:
        places = (self.results, self.images, self.gateway / "inputs", self.gateway / "outputs", self.gateway / "work")
        return tuple(str(path) for place in places for path in files_below(place) if path.name.endswith(TEMPORARY))

    def _rotten(self) -> tuple[str, ...]:
        blobs = [path for path in files_below(self.gateway / "inputs") if len(path.name) == 64]
        return tuple(str(path) for path in blobs if self._digest(path) not in ("", path.name))

    def _digest(self, path: Path) -> str:
        """Hex SHA-256, read again only when the file changed; empty when it went away meanwhile."""
        try:
            stat = path.stat()
            mark = (stat.st_ino, stat.st_size, stat.st_mtime_ns)
            if self._known.get(path, ((), ""))[0] != mark:
                self._known[path] = (mark, sha256_of(path))
        except FileNotFoundError:
            return ""
        return self._known[path][1]


def files_below(folder: Path) -> list[Path]:
    """Every file below a folder, also while others remove some of it; none where it isn't there."""
    return [Path(place, name) for place, _, names in os.walk(folder) for name in names]


def sha256_of(path: Path) -> str:
    """Hex SHA-256 of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
