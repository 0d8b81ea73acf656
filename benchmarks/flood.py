"""`python -m benchmarks.flood`: how long a quiet instrument waits while another one floods the gateway they share.

From a file's last byte at the instrument to its result beside it, with the simulator's copying pipeline; first alone,
then behind a flood.
"""

import json
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import typer

from benchmarks.live_load import quantiles
from tests.chain.commands import start
from tests.sides.conftest import PIPELINE, gateway_file
from tests.sides.instruments import Instrument, instrument, running_in_one_process

LOOK_S = 0.02
EVERY_S = 1.0


def waits(quiet: Instrument, name: str, count: int) -> list[float]:
    """Milliseconds that each of so many files waits, written one a second; sorted."""
    results = quiet.settings.oem.output_folder
    return sorted(_wait(quiet, f"{name}/{number:04d}.tif", results) for number in range(count))


def _wait(quiet: Instrument, path: str, results: Path) -> float:
    known = returned(results)
    quiet.write(path)
    begun = time.monotonic()
    while returned(results) == known:
        time.sleep(LOOK_S)
    waited = time.monotonic() - begun
    time.sleep(max(0.0, EVERY_S - waited))
    return waited * 1000


def returned(results: Path) -> int:
    """How many results lie beside an instrument."""
    return sum(1 for path in results.rglob("*.tif"))


def main(
    flood: Annotated[int, typer.Option(min=1, help="Files that the other instrument writes at once.")] = 2000,
    files: Annotated[int, typer.Option(min=2, help="Files of the quiet one, alone and again in the flood.")] = 40,
) -> None:
    """Measure and print."""
    with TemporaryDirectory(prefix="labrelay-flood-") as folder:
        root = Path(folder)
        gateway = start("gateway", gateway_file(root))
        try:
            task = {"description": "copy", "selector": True, "pipeline": PIPELINE}
            gateway.launcher.post("/api/v2/tasks", task)
            edge = f"http://127.0.0.1:{gateway.settings.ports.edge}"
            quiet, loud = (instrument(root, name, edge) for name in ("quiet", "loud"))
            with running_in_one_process([quiet]), running_in_one_process([loud]):
                print(json.dumps(measured(quiet, loud, flood, files), indent=1))
        finally:
            gateway.stop()


def measured(quiet: Instrument, loud: Instrument, flood: int, files: int) -> dict[str, Any]:
    """Waits alone and in the flood, and how far that was when the last quiet file came back."""
    waits(quiet, "warm", 3)
    alone = waits(quiet, "alone", files)
    for number in range(flood):
        loud.write(f"flood/{number:05d}.tif")
    begun = time.monotonic()
    behind = waits(quiet, "behind", files)
    done, took = returned(loud.settings.oem.output_folder), time.monotonic() - begun
    return {
        "alone_ms": quantiles(alone),
        "in_the_flood_ms": quantiles(behind),
        "flood": {"files": flood, "back": done, "a_second": round(done / took, 1)},
    }


if __name__ == "__main__":
    typer.run(main)
