"""What an administrator writes into the gateway's settings to count with a model that lies in its data folder."""

import itertools
import json
import re
from typing import Final

from labrelay.contracts.models import ModelEntry
from labrelay.settings import Settings
from labrelay.settings.pipelines import NAME, SHIPPED, TAKEN

FIRST_PORT: Final = 3010
UNUSED: Final = "data folder"
"""The origin of packages that no pipeline of the settings names."""


def lines_of(entry: ModelEntry, settings: Settings) -> str:
    """The lines of TOML; empty for a model that is named already, or that can't be used."""
    if entry.origin != UNUSED or entry.problem:
        return ""
    # A JSON text is one of TOML, also with a backslash of Windows in it.
    return f"[pipelines.models.{_name(entry, settings)}]\nfolder = {json.dumps(entry.folder)}\nport = {_port(settings)}"


def _name(entry: ModelEntry, settings: Settings) -> str:
    plain = re.sub(r"[^a-z0-9_-]+", "-", entry.key.lower())[:40].strip("-_") or "model"
    known = {*TAKEN, *SHIPPED, *settings.pipelines.models}
    wished = itertools.chain([plain], (f"{plain}-{number}" for number in itertools.count(2)))
    return next(each for each in wished if NAME.fullmatch(each) and each not in known)


def _port(settings: Settings) -> int:
    own = {model.port for model in settings.pipelines.models.values()}
    used = {*own, *settings.ports.model_dump().values(), settings.redis.port}
    return next(port for port in itertools.count(FIRST_PORT) if port not in used)
