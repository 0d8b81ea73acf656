"""What tells one counting pipeline from another: its topic, its name and its model."""

import os
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from labrelay.errors import SettingsInvalid
from labrelay.settings import Settings


@dataclass(frozen=True)
class Kind:
    """One pipeline.

    Attributes:
        topic: launches come from here.
        name: shown to people.
        description: shown to people.
        shipped: folder of the model package that comes with labrelay.
    """

    topic: str
    name: str
    description: str
    shipped: Path

    @property
    def variable(self) -> str:
        """The environment variable that names the folder of another model package, e.g. `LABRELAY_NUCLEI_MODEL`."""
        return f"LABRELAY_{re.sub('[^A-Z0-9]', '_', self.topic.upper())}_MODEL"

    def folder(self, settings: Settings) -> Path:
        """Where its model lies: what the environment names, else the settings, else what ships."""
        own = settings.pipelines.models.get(self.topic)
        return Path(os.environ.get(self.variable) or (own.folder if own else self.shipped))

    @classmethod
    def of_own_model(cls, topic: str, settings: Settings) -> Self:
        """A model of the user's own; what people read of it stands in its model.toml.

        Raises:
            SettingsInvalid: the settings name no such model.
        """
        own = settings.pipelines.models.get(topic)
        if own is None:
            raise SettingsInvalid(f"There is no model {topic!r} in [pipelines.models].")
        told = _told(own.folder / "model.toml")
        return cls(topic, topic, str(told.get("description") or "A model of one's own"), own.folder)


def _told(file: Path) -> dict[str, Any]:
    """The content of model.toml; nothing where it can't be read, which loading the model then explains."""
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
