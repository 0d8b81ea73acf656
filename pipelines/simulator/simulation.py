"""What AiCSD's four test pipelines answer: files, results and QC flags (wire format, section A.9)."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Final

MULTI_FILES: Final = 5


@dataclass(frozen=True)
class Simulation:
    """One of the test pipelines.

    Attributes:
        suffixes: one output each, the input's copy named `<stem><suffix><extension>`.
        results: result text.
        qc_flags: QC flags.
        cell_count: the number in `results`.
    """

    suffixes: tuple[str, ...]
    results: str
    qc_flags: str
    cell_count: int | None = None


SIMULATIONS: Final = {
    "only-file": Simulation(("-sim",), "", "passed"),
    "multi-file": Simulation(tuple(f"-sim{number}" for number in range(MULTI_FILES)), "", "none"),
    "only-results": Simulation((), "CellCount, 598", "none", 598),
    "file-and-results": Simulation(("-sim",), "CellCount, 101", "passed", 101),
}
"""By topic."""


def copies(simulation: Simulation, source: Path, folder: Path) -> list[Path]:
    """Write the outputs into `folder`.

    Raises:
        OSError: the input can't be read, or the folder can't be written.
    """
    made = [folder / f"{source.stem}{suffix}{source.suffix}" for suffix in simulation.suffixes]
    for path in made:
        shutil.copyfile(source, path)
    return made
