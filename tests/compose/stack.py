"""The files of compose/, read as their tools read them, as far as that needs no container engine."""

import json
import os
import re
import shlex
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
COMPOSE = ROOT / "compose"
Document = dict[str, Any]


def interpolated(text: str) -> str:
    """Compose's `${NAME:-default}`, with nothing set in the environment."""
    return re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", text)


def stack() -> Document:
    """compose.yaml with its defaults."""
    document: Document = yaml.safe_load(interpolated((COMPOSE / "compose.yaml").read_text(encoding="utf-8")))
    return document


def environment(service: str) -> dict[str, str]:
    """What compose.yaml sets for a service."""
    return {name: value or "" for name, value in stack()["services"][service].get("environment", {}).items()}


def mounts(service: str) -> list[tuple[str, str]]:
    """Source and target of each mount of a service."""
    pairs = [each.split(":") for each in stack()["services"][service].get("volumes", [])]
    return [(source, target) for source, target, *_ in pairs]


def instructions(name: str = "Dockerfile") -> list[list[str]]:
    """A Dockerfile's instructions as words, without comments."""
    text = (COMPOSE / name).read_text(encoding="utf-8")
    lines = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
    return [_words(line) for line in lines.replace("\\\n", " ").splitlines() if line.strip()]


def board() -> Document:
    """The Grafana dashboard."""
    document: Document = json.loads((COMPOSE / "grafana" / "dashboards" / "labrelay.json").read_text(encoding="utf-8"))
    return document


def _words(line: str) -> list[str]:
    verb, rest = line.split(maxsplit=1)
    return [verb, *json.loads(rest)] if rest.startswith("[") else [verb, *shlex.split(rest, posix=os.name == "posix")]
