"""Run as a process: watches a folder until its input ends, then says what it found and how often events were lost.

Usage: stopped.py DATA FOLDER
"""

import json
import sys
from pathlib import Path

from prometheus_client import REGISTRY

from file_watcher.watcher import Watcher
from labrelay.settings import Settings
from labrelay.settings.model import Oem, WatchedFolder


def main(data: Path, folder: Path) -> None:
    rule = WatchedFolder(path=folder, stable_s=0.2)
    watcher = Watcher(Settings(data=data, oem=Oem(folders=(rule,), output_folder=data / "output", rescan_s=3600.0)))
    watcher.start()
    watcher.scan()
    for request in sys.stdin:
        if request.strip() == "tell":
            _say(watcher)
    watcher.stop()


def _say(watcher: Watcher) -> None:
    lost = REGISTRY.get_sample_value("labrelay_watcher_overflows_total")
    paths = sorted(entry.path for entry in watcher.overview.entries(limit=10_000).items)
    sys.stdout.write(json.dumps({"lost": lost, "paths": paths}) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
