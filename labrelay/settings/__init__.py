"""Settings: one TOML file, `LABRELAY_…` environment over it, runs with none."""

from labrelay.settings.load import ENV_FILE, load_settings
from labrelay.settings.model import Ports, Settings, WatchedFolder

__all__ = ["ENV_FILE", "Ports", "Settings", "WatchedFolder", "load_settings"]
