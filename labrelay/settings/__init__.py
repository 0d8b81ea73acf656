"""Settings: one TOML file, `LABRELAY_…` environment over it, runs with none."""

from labrelay.settings.load import ENV_FILE, load_settings
from labrelay.settings.model import Ports, Settings, WatchedFolder

PIPELINE = "LABRELAY_PIPELINE"
"""Environment variable: which model of `pipelines.models` a process serves."""

__all__ = ["ENV_FILE", "PIPELINE", "Ports", "Settings", "WatchedFolder", "load_settings"]
