"""`python -m benchmarks`: the relay against a plain copy, the watcher on a full folder, the nuclei pipeline by size."""

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from benchmarks.relay import measure_relay
from benchmarks.watcher import measure_watcher
from benchmarks.whole_work import measure_whole_work

NUCLEI = Path(__file__).parents[1] / "pipelines" / "nuclei" / "model"


def main(
    files: Annotated[int, typer.Option(min=1, help="Files through the relay.")] = 40,
    megabytes: Annotated[float, typer.Option(min=0.01, help="Size of each.")] = 8.0,
    watched: Annotated[int, typer.Option(min=1, help="Files that are in a watched folder already.")] = 100_000,
    repeats: Annotated[int, typer.Option(min=1, help="Repeats of each image.")] = 5,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the figures here.")] = None,
) -> None:
    """Measure and print."""
    with TemporaryDirectory(prefix="labrelay-bench-") as folder:
        figures = {
            "relay": measure_relay(Path(folder), files, int(megabytes * 1e6)),
            "watcher": measure_watcher(Path(folder) / "watcher", watched),
            "nuclei": [measure_whole_work(NUCLEI, repeats, side) for side in (512, 1024, 2048)],
        }
    text = json.dumps(figures, indent=1)
    print(text)
    if json_file:
        json_file.write_text(text + "\n", encoding="utf-8")


typer.run(main)
