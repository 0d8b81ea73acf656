"""The pages' scripts: typed, small, and without words of their own."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from dashboard.pages import ROOM, STATIC

TSC = ["tsc", "--noEmit", "--allowJs", "--checkJs", "--strict", "--moduleDetection", "force"]
SCRIPTS = sorted(STATIC.glob("*.js"))


def test_scripts_agree_with_the_types_that_they_name() -> None:
    if shutil.which("tsc") is None:
        assert os.environ.get("CI") != "true", "tsc is not there"
        pytest.skip("tsc is not there; install node-typescript")
    command = [*TSC, "--target", "es2022", "--module", "es2022", "--lib", "es2022,dom,dom.iterable"]
    types = sorted((ROOM / "types").glob("*.d.ts"))
    checked = subprocess.run([*command, *types, *SCRIPTS], capture_output=True, text=True, check=False)
    assert checked.stdout == ""


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
def test_each_script_is_checked_short_and_an_island(script: Path) -> None:
    text = (STATIC / script).read_text(encoding="utf-8")
    assert text.startswith("// @ts-check\n")
    assert len(text.splitlines()) < 250
    own = script.stem.partition("-")[0]
    foreign = rf"^\s*import\b(?!.* from \"\./{own}-[a-z]+\.js\";$)|\bimport\((?!\"\./{own}-[a-z]+\.js\"\)\.)"
    assert not re.search(foreign, text, re.MULTILINE), "elements hear each other only as events; parts have their name"
    assert "innerHTML" not in text
