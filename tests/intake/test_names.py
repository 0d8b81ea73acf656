"""Every name that a file system takes goes through the chain and comes back legal, once, with its bytes."""

import os
import unicodedata
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from labrelay.contracts.jobs import Job
from labrelay.contracts.states import Stage
from labrelay.files import digest_file, legal_name
from labrelay.http.client import Client
from tests.chain.system import chain_of, chain_settings, judge_copies
from tests.intake.drop import Drop
from tests.polling import until

pytestmark = [pytest.mark.process, pytest.mark.timeout(180)]

ACCENTS: Final = "Zählung très élevée.tif"
NAMES: Final = [
    "with two  spaces.tif",
    " leading space.tif",
    unicodedata.normalize("NFC", ACCENTS),
    unicodedata.normalize("NFD", ACCENTS),
    "細胞核/プレート一/第一孔.tif",
    "🔬 plate 🧫.tif",
    "مجهر.tif",
    "a#b.tif",
    "%41.tif",
    "A.tif",
    "50%.tif",
    "%2e%2e%2fup.tif",
    "why?.tif",
    "a&b=c.tif",
    "a+b.tif",
    "it's.tif",
    'say "well".tif',
    "[bold]brackets[/bold].tif",
    "{name}.tif",
    "$HOME `id`;.tif",
    "-rf.tif",
    "--help/-x.tif",
    "a..b.tif",
    "x/y../z.tif",
    "no extension",
    "trailing dot.tif.",
    "trailing space.tif ",
    "line\nbreak.tif",
    "tab\there.tif",
    "\x7fdelete\x01.tif",
    "carriage\rreturn.tif",
    "\x1b[31mred.tif",
    "a:b.tif",
    "a|b.tif",
    "a_b.tif",
    "<a>*.tif",
    "back\\slash.tif",
    "back\\..\\..\\slash.tif",
    "con.tif",
    "CON/aux/nul.tif",
    "_con.tif",
    "case.tif",
    "Case.tif",
    "CASE.TIF",
    "Folder/x.tif",
    "folder/x.tif",
    "one/equal.tif",
    "two/equal.tif",
    "two/equal-sim.tif",
    "two/equal.tiff",
    "straße.tif",
    "STRASSE.tif",
    "n" * 196 + ".tif",
    "n" * 251 + ".tif",
    "n" * 250 + "m.tif",
    "N" * 251 + ".tif",
    "核" * 83 + ".tif",
    "核" * 82 + "芯.tif",
    "e" * 240 + "." + "x" * 14,
    "ab.ome.tif",
    "a.labrelay-part.tif",
]
LEFT_ALONE: Final = [
    ".hidden.tif",
    "..tif",
    "x/..y/z.tif",
    ".folder/in a hidden one.tif",
    "~lock.tif",
    "x.labrelay-part",
    "Thumbs.db",
]
"""Passed over by default, and counted."""
NO_TEXT: Final = [b"not \xff text.tif", b"\xfcbung/plate.tif", b"\xfcbung/well.tif"]
"""Names from old systems, in no Unicode."""


@pytest.fixture(scope="module")
def dropped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Drop]:
    """Every file with bytes of its own; those that are captured have ended."""
    settings = chain_settings(tmp_path_factory.mktemp("names"))
    with chain_of(settings) as chain:
        chain.add_task("only-file")
        drop = Drop(chain)
        for name in [*NAMES, *deep_names(drop.folder)]:
            drop.drop(name, os.urandom(2_000))
        for name in LEFT_ALONE:
            drop.drop(name, os.urandom(2_000))
            del drop.digests[name]
        for encoded in NO_TEXT:
            path = drop.folder / os.fsdecode(encoded)
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(os.urandom(2_000))
        drop.await_final()
        yield drop


def deep_names(root: Path) -> list[str]:
    """Paths of many folders, one that ends just below the longest path that the system takes."""
    longest = os.pathconf(root, "PC_PATH_MAX") - len(os.fsencode(root)) - 2
    moderate = "/".join(f"level {number}" for number in range(60)) + "/deep.tif"
    short = longest - 200
    part = "d" * 200
    folders = "/".join([part] * (short // 201) + ["e" * (short % 201)])
    return [moderate, f"{folders}/{'z' * (longest - len(folders) - 6)}.tif"]


@pytest.fixture(scope="module")
def jobs(dropped: Drop) -> dict[str, Job]:
    """The one job of each file."""
    jobs = dropped.jobs()
    assert Counter(job.source.path for job in jobs) == Counter(dropped.digests.keys())
    return {job.source.path: job for job in jobs}


def status(drop: Drop) -> dict[str, Any]:
    watcher = Client(drop.chain.session.settings.service_url("file_watcher"))
    return dict(watcher.get("/api/v2/status")["folders"][0])


def test_every_name_completes(jobs: dict[str, Job]) -> None:
    failed = {path: (job.stage, job.failure) for path, job in jobs.items() if job.stage is not Stage.COMPLETE}
    assert not failed


def test_every_content_comes_back_exactly_once(dropped: Drop) -> None:
    findings = judge_copies(dropped.digests, dropped.chain.output)
    assert findings.well, findings
    files = [path for path in dropped.chain.output.rglob("*") if path.is_file()]
    assert len(files) == len(dropped.digests)


def test_every_output_lies_where_its_job_says_and_holds_its_inputs_bytes(dropped: Drop, jobs: dict[str, Job]) -> None:
    for path, job in jobs.items():
        (output,) = job.outputs
        assert digest_file(dropped.chain.output / str(output.returned_path))[0] == dropped.digests[path]


def test_outputs_have_names_that_windows_takes_and_never_collide_there(jobs: dict[str, Job]) -> None:
    returned = [str(output.returned_path) for job in jobs.values() for output in job.outputs]
    for path in returned:
        assert all(legal_name(part) == part for part in path.split("/")), path
    same = Counter(unicodedata.normalize("NFC", path).casefold() for path in returned)
    assert [path for path, times in same.items() if times > 1] == []


def test_sub_folders_keep_their_shape(jobs: dict[str, Job]) -> None:
    (output,) = jobs["細胞核/プレート一/第一孔.tif"].outputs
    assert output.returned_path == "細胞核/プレート一/第一孔-sim.tif"
    assert [str(jobs[f"{where}/equal.tif"].outputs[0].returned_path).split("/")[0] for where in ("one", "two")] == [
        "one",
        "two",
    ]


def test_inputs_stay_where_they_were_with_their_bytes(dropped: Drop) -> None:
    assert dropped.unharmed(*dropped.digests)


@pytest.mark.parametrize("name", [NAMES[0], ACCENTS, "a#b.tif", "why?.tif", "line\nbreak.tif", "\x1b[31mred.tif"])
def test_the_dashboard_shows_the_job_of_a_file_with_an_odd_name(dropped: Drop, jobs: dict[str, Job], name: str) -> None:
    assert name in dropped.page(jobs[name].id).replace("\r\n", "\n")


@pytest.mark.parametrize("name", LEFT_ALONE)
def test_names_that_are_passed_over_by_default_have_no_job_and_stay(dropped: Drop, name: str) -> None:
    assert dropped.job(name) is None
    assert (dropped.folder / name).stat().st_size == 2_000


def test_files_that_are_passed_over_are_counted(dropped: Drop) -> None:
    until(lambda: status(dropped)["ignored"] >= len(LEFT_ALONE) - 2, "counted by a scan")


def test_names_that_are_no_text_stay_and_are_shown_as_trouble(dropped: Drop) -> None:
    """No message can carry them, so that they have no jobs; who looks at the status sees them, with the reason."""
    troubles = until(lambda: [each for each in status(dropped)["troubles"] if "Unicode" in each], "seen by a scan")
    assert [each for each in troubles if each.startswith("not \\xff text.tif: ")], troubles
    assert [each for each in troubles if each.startswith("\\xfcbung")], troubles
    for encoded in NO_TEXT:
        assert (dropped.folder / os.fsdecode(encoded)).stat().st_size == 2_000
