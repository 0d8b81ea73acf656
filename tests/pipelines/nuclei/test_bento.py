"""The Bento as BentoML builds it: whole, and served from an empty folder with nothing but loopback around it."""

import ast
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, packages_distributions, requires
from pathlib import Path
from typing import Final

import pytest
import requests
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from pipelines.instrument import FieldOptions, Plate, WriterOptions, write_plate
from tests.pipelines.counting.conftest import ROOT, Service, serving

pytestmark = [pytest.mark.process, pytest.mark.timeout(180)]

NOWHERE: Final = "http://127.0.0.1:9"
NO_NETWORK: Final = dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"), NOWHERE)
OWN: Final = {"labrelay", "pipelines"}
LOADED: Final = """
import sys, pipelines.nuclei.service, pipelines.counting.station, pipelines.counting.desk
own = [module for name, module in sys.modules.items() if name.partition('.')[0] in ('labrelay', 'pipelines')]
print(*sorted(module.__file__ for module in own if module), sep='\\n')
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """BentoML's home folder with the built Bento."""
    sources, home = tmp_path_factory.mktemp("sources"), tmp_path_factory.mktemp("home")
    for name in sorted(OWN):
        shutil.copytree(ROOT / name, sources / name, ignore=shutil.ignore_patterns("__pycache__"))
    words = ["build", "-f", "pipelines/nuclei/bentofile.yaml", "--output", "tag", "."]
    done = subprocess.run(
        [sys.executable, "-m", "bentoml", *words],
        cwd=sources,
        env={**os.environ, **NO_NETWORK, "BENTOML_HOME": str(home), "BENTOML_DO_NOT_TRACK": "True"},
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    shutil.rmtree(sources)
    return home


@pytest.fixture(scope="module")
def source(home: Path) -> Path:
    """The code in the Bento."""
    (source,) = home.glob("bentos/nuclei/*/src")
    return source


@pytest.fixture
def served(home: Path, tmp_path: Path) -> Iterator[Service]:
    quiet = {**NO_NETWORK, "LABRELAY_NUCLEI_MODEL": "", "LABRELAY_WORKER": "off", "PYTHONPATH": ""}
    with serving(tmp_path, Path(), "nuclei:latest", BENTOML_HOME=str(home), **quiet) as service:
        yield service


def test_the_built_bento_counts_without_a_network(served: Service, source: Path, tmp_path: Path) -> None:
    version = requests.get(f"{served.url}/docs.json", timeout=10).json()["info"]["version"]
    assert version == source.parent.name
    options = WriterOptions(images=1, rate=0.0, slow_every=0, field=FieldOptions(256, 256, 60.0))
    (written,) = write_plate(tmp_path / "plate", None, Plate.of_wells("P", 6), options)
    with written.path.open("rb") as image:
        told = requests.post(f"{served.url}/segment", files={"image": image}, timeout=60).json()
    assert told["count"] == pytest.approx(written.true_count, rel=0.2)
    assert told["model"]["name"] == "nuclei"


def test_its_packages_bring_all_that_its_process_loads(source: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOADED],
        cwd=source,
        env={**os.environ, "PYTHONPATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    files = [Path(line) for line in done.stdout.splitlines()]
    assert all(file.is_relative_to(source) for file in files)
    of_module = packages_distributions()
    needed = {canonicalize_name(each) for file in files for name in imported(file) for each in of_module.get(name, [])}
    assert needed - closure(packages("nuclei")) - OWN == set()


def test_both_bentofiles_name_what_the_project_needs_for_pipelines_and_pack_the_same_code() -> None:
    extra = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]["pipelines"]
    needed = {each for each in extra if not each.startswith("labrelay")}
    assert needed <= set(packages("nuclei"))
    nuclei, cells = (text("nuclei").replace("nuclei", "X"), text("cells").replace("cells", "X"))
    assert nuclei[nuclei.index("labels:") :] == cells[cells.index("labels:") :]


def imported(file: Path) -> set[str]:
    """What a module needs as soon as it is loaded."""
    names: set[str] = set()
    for each in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(each, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in each.names}
        elif isinstance(each, ast.ImportFrom) and each.module:
            names.add(each.module.partition(".")[0])
    return names


def text(topic: str) -> str:
    return (ROOT / "pipelines" / topic / "bentofile.yaml").read_text(encoding="utf-8")


def packages(topic: str) -> list[str]:
    found: list[str] = yaml.safe_load(text(topic))["python"]["packages"]
    return found


def closure(wanted: list[str]) -> set[str]:
    """Names of distributions and of all that they bring."""
    brought: set[str] = set()
    open_ends = [Requirement(each) for each in wanted]
    while open_ends:
        each = open_ends.pop()
        name = canonicalize_name(each.name)
        if name in brought or not (each.marker is None or each.marker.evaluate({"extra": ""})):
            continue
        brought.add(name)
        try:
            open_ends += [Requirement(more) for more in requires(name) or []]
        except PackageNotFoundError:  # for another system
            continue
    return brought
