"""The documents stay true: their settings load, their code runs, their links lead somewhere, their codes exist."""

import re
import textwrap
from pathlib import Path

import pytest

from labrelay.settings import load_settings

ROOT = Path(__file__).parents[2]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def blocks(document: Path, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", document.read_text(encoding="utf-8"), re.DOTALL)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_settings_example_loads(document: Path, tmp_path: Path) -> None:
    for number, block in enumerate(blocks(document, "toml")):
        file = tmp_path / f"{number}.toml"
        file.write_text(block, encoding="utf-8")
        load_settings(file)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_to_a_file_leads_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", document.read_text(encoding="utf-8")):
        if not target.startswith("http"):
            assert (document.parent / target).exists(), target


def test_the_pipeline_example_runs(tmp_path: Path) -> None:
    (example,) = blocks(ROOT / "docs" / "pipeline-author.md", "python")
    names: dict[str, object] = {}
    exec(textwrap.dedent(example), names)  # noqa: S102
    assert "brightness" in names


def test_no_document_names_a_path_of_some_machine() -> None:
    for document in DOCUMENTS:
        assert not re.search(r"/(home|root|Users|work)/", document.read_text(encoding="utf-8")), document.name
