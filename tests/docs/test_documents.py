"""The documents stay true: their settings load, their code runs, their links lead somewhere, their codes exist."""

import re
import subprocess
import sys
import textwrap
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from labrelay.settings import load_settings
from pipelines.sdk import Capture

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


def test_the_pipeline_examples_run(tmp_path: Path) -> None:
    names: dict[str, Any] = {}
    for example in blocks(ROOT / "docs" / "pipeline-author.md", "python"):
        exec(textwrap.dedent(example), names)  # noqa: S102
    (tmp_path / "A01_w1.tif").write_bytes(b"abc")
    alone = replace(Capture.of(tmp_path / "A01_w1.tif"), attributes={"channel": 1})
    assert names["brightness"](alone, {}, tmp_path).results == "Bytes, 3"
    assert names["colocalisation"](alone, {}, tmp_path).measurements == {"bytes_1": 3.0}


def test_the_page_of_error_codes_is_the_codes_own() -> None:
    made = subprocess.run(
        [sys.executable, ROOT / "tools" / "error_page.py"], capture_output=True, check=True, text=True
    )
    assert (ROOT / "docs" / "errors.md").read_text(encoding="utf-8") == made.stdout, "run `make docs`"


def test_every_code_that_the_operators_page_names_exists() -> None:
    known = set(re.findall(r"^\| `(\w+)` \|", (ROOT / "docs" / "errors.md").read_text(encoding="utf-8"), re.MULTILINE))
    table = (ROOT / "docs" / "operator.md").read_text(encoding="utf-8").split("## Failure codes")[1]
    named = set(re.findall(r"`(\w+)`", table))
    assert named - known <= {"unmatched", "pipeline_gave_no_answer", "processing_deadline"}, named - known


def test_no_document_names_a_path_of_some_machine() -> None:
    for document in DOCUMENTS:
        assert not re.search(r"/(home|root|Users|work)/", document.read_text(encoding="utf-8")), document.name
