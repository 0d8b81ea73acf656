"""Several instruments' sides in one process, each with settings of its own: `-m tests.sides.several A.toml B.toml`."""

import sys
from pathlib import Path

from labrelay import supervisor
from labrelay.http.server import serve_all
from labrelay.parent import end_with_parent
from labrelay.settings import load_settings
from labrelay.telemetry import configure_logging


def main() -> None:
    """Serve until SIGINT or SIGTERM."""
    settings = [load_settings(Path(name)) for name in sys.argv[1:]]
    configure_logging("several", "error")
    end_with_parent()
    serve_all([listener for each in settings for listener in supervisor.listeners("oem", each)])


if __name__ == "__main__":
    main()
