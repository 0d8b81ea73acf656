"""The catalogues of words are whole: every word that is said has its translation, and they are compiled."""

import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Final

import pytest
from fastapi.testclient import TestClient

from dashboard.navigation import PLACES
from labrelay.contracts.states import Stage
from labrelay.words import LANGUAGE, _, ngettext, preferred, speaking
from tests.dashboard.double import Gateway
from tests.dashboard.samples import job

TOOL = Path(__file__).parents[2] / "tools" / "words.py"


def test_every_catalogue_has_every_word() -> None:
    done = subprocess.run([sys.executable, str(TOOL), "--check"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]


@pytest.mark.parametrize(
    ("accept", "language"),
    [
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh-Hans"),
        ("en-GB,en;q=0.9,zh;q=0.8", "en"),
        ("de,zh;q=0.3,en;q=0.4", "en"),
        ("zh;q=0, en;q=0.1", "en"),
        ("zh;q=much", None),
        ("de-DE", None),
        ("", None),
    ],
)
def test_the_language_that_a_reader_likes_best_is_spoken(accept: str, language: str | None) -> None:
    assert preferred(accept) == language


def test_a_language_is_spoken_until_its_block_ends() -> None:
    with speaking("zh-Hans"):
        assert _("Log out") != "Log out"
    assert _("Log out") == "Log out"
    with speaking("tlh"):
        assert LANGUAGE.get() == "en"
    assert ngettext("{n} job", "{n} jobs", 2) == "{n} jobs"


SPOKEN: Final = ("aria-label", "placeholder", "alt", "title")
UNSPOKEN: Final = ("code", "pre", "script", "style")
ENGLISH: Final = re.compile(r"\b[A-Za-z][a-z']+(?: [A-Za-z][a-z']+)+")
"""Two plain words in a row; names of products stand alone."""
DATA: Final = re.compile(r"`[^`]*`|Count nuclei|stage=\S+ plate=\S+ since=\S+|http\S+ doesn't answer \(\w+\)\.")
"""Commands, a task's name, conditions, and causes that a service words."""


class Said(HTMLParser):
    """What the main part of a page says to people, commands and code apart."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self._within: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("main", *UNSPOKEN) or (self._within and (tag == self._within[-1] or ("lang", "en") in attrs)):
            self._within.append(tag)
        if "main" in self._within:
            self.texts += [value for name, value in attrs if name in SPOKEN and value]

    def handle_endtag(self, tag: str) -> None:
        if self._within and self._within[-1] == tag:
            self._within.pop()

    def handle_data(self, data: str) -> None:
        if self._within == ["main"]:
            self.texts.append(data.strip())


PATHS: Final = (*(place.path for place in PLACES), "/jobs/{job}", "/login", "/nowhere", "/plates/nowhere")


def test_no_page_speaks_english_to_a_chinese_reader(client: TestClient, gateway: Gateway) -> None:
    shown = job(stage=Stage.COMPLETE)
    gateway.put(shown)
    for path in PATHS:
        said = Said(client.get(path.format(job=shown.id), headers={"Accept-Language": "zh-CN"}).text).texts
        assert re.search(r"[\u4e00-\u9fff]", "".join(said)), path
        assert [text for text in said if ENGLISH.search(DATA.sub("", text))] == [], path
