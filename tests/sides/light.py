"""An environment that holds labrelay's base requirements and nothing else, made of what is installed here."""

import sys
import tomllib
import venv
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import Distribution, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class LightInstall:
    """What `pip install labrelay` brings."""

    python: Path
    distributions: dict[str, Distribution]

    @property
    def packages(self) -> set[str]:
        """Names that can be imported beside the standard library."""
        return {part.split(".")[0] for each in self.distributions.values() for part in top_level(each)}

    @property
    def megabytes(self) -> float:
        """What the requirements weigh on disk."""
        files = [file.locate() for each in self.distributions.values() for file in each.files or ()]
        return sum(Path(str(file)).stat().st_size for file in files if Path(str(file)).is_file()) / 1e6


def light_install(folder: Path) -> LightInstall:
    """A virtual environment whose packages are links to the installed ones; nothing is fetched from anywhere."""
    venv.create(folder, symlinks=True)
    packages = folder / "lib" / f"python{sys.version_info.major}.{sys.version_info.minor}" / "site-packages"
    distributions = {name: distribution(name) for name in base_requirements()}
    for each in distributions.values():
        for part in top_level(each):
            (packages / part).symlink_to(Path(str(each.locate_file(part))))
    (packages / "labrelay.pth").write_text(f"{ROOT}\n")
    return LightInstall(folder / "bin" / "python", distributions)


def base_requirements() -> set[str]:
    """The names of all that the base install needs, also through others; no extra of anything that isn't asked for."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    asked = [Requirement(text) for text in project["dependencies"]]
    found: set[str] = set()
    while asked:
        requirement = asked.pop()
        name = canonicalize_name(requirement.name)
        if name not in found or requirement.extras:
            asked += _needed(name, requirement.extras)
        found.add(name)
    return found


def _needed(name: str, extras: set[str]) -> Iterator[Requirement]:
    for text in distribution(name).requires or ():
        requirement = Requirement(text)
        marker = requirement.marker
        if marker is None or any(marker.evaluate({"extra": extra}) for extra in ("", *extras)):
            yield requirement


def top_level(found: Distribution) -> set[str]:
    """The first parts of a distribution's files: packages, modules, and its own metadata."""
    parts = {file.parts[0] for file in found.files or ()}
    return {part for part in parts if part not in ("..", "__pycache__")}
