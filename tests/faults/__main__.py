"""`python -m tests.faults --seconds S --seed N --json FILE`: all faults against two sides, and the table."""

import argparse
import json
import random
import shutil
import signal
import sys
import tempfile
from pathlib import Path

from rich.console import Console

from tests.faults.catalogue import FAULTS
from tests.faults.disks import own_disks
from tests.faults.fault import Fault
from tests.faults.harness import Harness
from tests.faults.system import Places, two_sides
from tests.faults.table import Report

DEAR_FROM_S = 1800
"""Runs of so many seconds take the dear faults too."""


def main() -> int:
    """Run; the exit status is 0 only when nothing was lost, doubled or stuck and each required fault came about."""
    arguments = parsed()
    seed = arguments.seed if arguments.seed is not None else random.randrange(1_000_000)
    console = Console(width=150 if not sys.stdout.isatty() else None)
    faults = chosen(arguments)
    root = Path(arguments.folder or tempfile.mkdtemp(prefix="labrelay-faults-"))
    console.print(f"{len(faults)} faults, seed {seed}, folders in {root}")
    report, places = Report.of(faults), Places.below(root)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        with own_disks(places), two_sides(places, random.Random(seed)) as sides:
            harness = Harness(sides, faults, random.Random(seed))
            report = harness.report
            for line in harness.run(arguments.seconds):
                console.print(line)
                keep(arguments, seed, report)
    finally:
        console.print(report.table())
        keep(arguments, seed, report)
    if report.well and not arguments.folder:
        shutil.rmtree(root)
    else:
        console.print(f"What was written and the logs lie in {root}.")
    return 0 if report.well else 1


def keep(arguments: argparse.Namespace, seed: int, report: Report) -> None:
    """Write the result where it is wanted; after each round, so that also a run that is ended has one."""
    if arguments.json:
        document = {"seed": seed, "seconds": arguments.seconds, **report.document()}
        arguments.json.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    if arguments.markdown:
        arguments.markdown.write_text(report.markdown() + "\n", encoding="utf-8")


def chosen(arguments: argparse.Namespace) -> tuple[Fault, ...]:
    """The faults of this run: those that are named, else all that fit into the time."""
    if arguments.only:
        return tuple(fault for fault in FAULTS if any(word in fault.name for word in arguments.only))
    return tuple(fault for fault in FAULTS if arguments.seconds >= DEAR_FROM_S or not fault.dear)


def parsed() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--seconds", type=float, default=600, help="at least one pass over all faults, then until then")
    parser.add_argument("--seed", type=int, help="repeats a run's order and draws; a random one without it")
    parser.add_argument("--json", type=Path, help="where the result goes as a document")
    parser.add_argument("--markdown", type=Path, help="where the table goes for docs/faults.md")
    parser.add_argument("--folder", type=Path, help="where both sides' folders go, kept afterwards")
    parser.add_argument("--only", action="append", help="only faults whose name contains this; may be repeated")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
