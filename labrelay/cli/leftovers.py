"""What demos leave behind, and how it goes away."""

import shutil
from pathlib import Path
from typing import Final

from labrelay.errors import SettingsInvalid
from labrelay.processes import recorded_process

MARK: Final = "SYNTHETIC.txt"
TOLD: Final = (
    "Everything in this folder is SYNTHETIC: `labrelay demo` made it, images, results and record alike.\n"
    "`labrelay demo --reset` removes it.\n"
)


def mark_synthetic(root: Path) -> None:
    """Label a demo's folder, so that nobody takes its images for real ones, and `--reset` knows it."""
    root.mkdir(parents=True, exist_ok=True)
    (root / MARK).write_text(TOLD, encoding="utf-8")


def remove_demos(data: Path) -> list[Path]:
    """Remove the folders of demos below `data`, and `data` itself when nothing else is left; those that are gone.

    Raises:
        SettingsInvalid: one of them still runs.
    """
    demos = sorted(mark.parent for mark in data.glob(f"*/{MARK}") if not mark.parent.is_symlink())
    for demo in demos:
        running = recorded_process(demo / "labrelay" / "run" / "supervisor.pid")
        if running is not None:
            raise SettingsInvalid(
                f"The demo in {demo} still runs (process {running.pid}).", next_step="Stop it with Ctrl-C first."
            )
    for demo in demos:
        shutil.rmtree(demo)
    if data.is_dir() and not any(data.iterdir()):
        data.rmdir()
    return demos
