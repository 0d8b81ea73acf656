"""The embedded Redis as a process of the tree: `python -m labrelay.embedded.redis_process FOLDER PORT`."""

import signal
import sys
from pathlib import Path
from types import FrameType

from labrelay.embedded.redis import EmbeddedRedis
from labrelay.parent import end_with_parent


def main(folder: str, port: str) -> int:
    """Run the server until it ends or this process is told to; returns the server's exit status."""
    process = EmbeddedRedis(Path(folder), int(port)).start()

    def leave(number: int, frame: FrameType | None) -> None:
        process.terminate()  # Redis ends cleanly by itself; the wait below then returns

    signal.signal(signal.SIGTERM, leave)
    signal.signal(signal.SIGINT, leave)
    end_with_parent()
    return process.wait()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
