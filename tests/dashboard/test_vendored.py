"""What the dashboard ships of other projects: listed, with licence, and unchanged. And what all scripts weigh."""

import gzip
import tomllib
from hashlib import sha256
from typing import Any

import pytest

from dashboard.pages import STATIC, VENDOR

LISTED: list[dict[str, Any]] = tomllib.loads((VENDOR / "vendored.toml").read_text(encoding="utf-8"))["file"]
MOST_SCRIPT = 100_000
MOST_STYLE = 30_000
"""Bytes, compressed."""


@pytest.mark.parametrize("listed", LISTED, ids=lambda listed: str(listed["name"]))
def test_each_vendored_file_is_the_one_that_was_listed(listed: dict[str, Any]) -> None:
    assert sha256((VENDOR / listed["name"]).read_bytes()).hexdigest() == listed["sha256"]
    assert listed["version"]
    assert listed["licence"] in {"0BSD", "MIT", "BSD-3-Clause"}
    assert (VENDOR / listed["licence_text"]).stat().st_size > 300


def test_no_file_is_there_that_is_not_listed() -> None:
    there = {path.name for path in VENDOR.iterdir() if path.is_file()}
    assert there == {str(listed["name"]) for listed in LISTED} | {"vendored.toml"}


@pytest.mark.parametrize(("suffix", "most"), [(".js", MOST_SCRIPT), (".css", MOST_STYLE)])
def test_all_scripts_and_styles_together_stay_light(suffix: str, most: int) -> None:
    files = [path for path in STATIC.rglob(f"*{suffix}") if path.is_file()]
    assert files
    assert sum(len(gzip.compress(path.read_bytes())) for path in files) <= most
