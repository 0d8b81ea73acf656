"""labrelay's own command with the tests' pipelines: `python -m tests.faults.command gateway --config FILE`.

A child whose file `<data>/clock/<name>` is there when it starts gets libfaketime, which reads its clock's offset from
that file again and again; no other process gets it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest import mock

from labrelay import cli, supervisor
from labrelay.processes import ChildSpec
from labrelay.settings import Settings

WORKERS = {"copying": "tests.faults.copying"}
"""Pipelines of these tests that are workers: topic → module."""
BENTOS = {"bento": "tests.faults.bento:CopyingBento"}
LIBRARIES = ("/usr/lib/*/faketime/libfaketimeMT.so.1", "/usr/lib/faketime/libfaketimeMT.so.1")


def faketime() -> Path | None:
    """libfaketime, where Debian puts it."""
    found = [path for pattern in LIBRARIES for path in Path("/").glob(pattern.lstrip("/"))]
    return found[0] if found else None


class Clocked(Mapping[str, str]):
    """A child's environment, looked at anew at each of its starts."""

    def __init__(self, plain: Mapping[str, str], clock: Path) -> None:
        self._plain = plain
        self._clock = clock

    def __getitem__(self, key: str) -> str:
        return self._now()[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._now())

    def __len__(self) -> int:
        return len(self._now())

    def _now(self) -> dict[str, str]:
        library = faketime()
        if library is None or not self._clock.exists():
            return dict(self._plain)
        fake = {"LD_PRELOAD": str(library), "FAKETIME_TIMESTAMP_FILE": str(self._clock), "FAKETIME_CACHE_DURATION": "1"}
        return {**self._plain, **fake, "FAKETIME_DONT_FAKE_MONOTONIC": "1"}


def main() -> None:
    """Run the command."""
    plain = supervisor.specs

    def clocked(side: str, settings: Settings, config: Path) -> list[ChildSpec]:
        clocks = settings.data.absolute() / "clock"
        children = plain(side, settings, config)
        return [replace(each, environment=Clocked(each.environment, clocks / each.name)) for each in children]

    parts: dict[str, Any] = {"WORKERS": supervisor.WORKERS | WORKERS, "BENTOS": supervisor.BENTOS | BENTOS}
    with mock.patch.multiple(supervisor, specs=clocked, **parts):
        cli.main()


if __name__ == "__main__":
    main()
