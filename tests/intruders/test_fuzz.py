"""Whatever bytes and names come, readers answer or refuse in their own words, soon and with little memory."""

import contextlib
import tomllib
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import tifffile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from job_repository.aicsd.bodies import parse_object
from labrelay.contracts.aicsd import WireJob, WireTask
from labrelay.errors import LabrelayError
from labrelay.plates import FolderReader
from labrelay.plates.bounded import LONGEST_PATH
from labrelay.settings.model import AttributeRule, WatchedFolder
from pipelines.images.ome import ome_image
from pipelines.images.reader import read_image
from pipelines.segmentation.package import DESCRIPTION_FILE, read_description
from task_launcher.aicsd_format import go_duration, read_wire

QUICK = settings(
    max_examples=40,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
NAMES = st.text(max_size=LONGEST_PATH) | st.from_regex(
    r"([A-P][0-9]{1,30}[-_ fsz]*){1,40}(\.ome)?\.tiff?", fullmatch=True
)
RULES = {"wells": AttributeRule(id="[a-z]*", type="int"), "who": AttributeRule(id="(a|b)+", type="string")}


@QUICK
@given(name=NAMES)
def test_any_name_is_read_or_refused(name: str) -> None:
    reader = FolderReader(
        WatchedFolder(name="input", path=Path(), patterns=(r"(?P<plate>(\w+)+)_(?P<well>\w\d+)$",)), RULES
    )
    with contextlib.suppress(LabrelayError):
        read = reader.read(name)
        assert all(isinstance(value, bool | int | float | str) for value in read.attributes.values())


@QUICK
@given(
    body=st.binary(max_size=300)
    | st.recursive(st.text() | st.none(), st.lists, max_leaves=20).map(repr).map(str.encode)
)
def test_any_body_of_an_aicsd_client_is_read_or_refused(body: bytes) -> None:
    for read in (lambda: read_wire(WireJob, body), lambda: read_wire(WireTask, body), lambda: parse_object(body)):
        with contextlib.suppress(LabrelayError):
            read()


@QUICK
@given(text=st.text(max_size=200) | st.from_regex(r"[-+]?([0-9.]{1,400}(ns|us|ms|s|m|h)?){0,9}", fullmatch=True))
def test_any_duration_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(LabrelayError):
        go_duration(text)


@pytest.fixture
def whole(tmp_path: Path) -> bytes:
    path = tmp_path / "whole.tif"
    tifffile.imwrite(path, np.arange(1024, dtype=np.uint16).reshape(32, 32), compression="zlib", ome=True)
    return path.read_bytes()


@QUICK
@given(data=st.data())
def test_a_damaged_image_is_read_or_refused_with_little_memory(
    whole: bytes, tmp_path: Path, data: st.DataObject
) -> None:
    changed = bytearray(whole)
    for place in data.draw(st.lists(st.integers(0, len(whole) - 1), min_size=1, max_size=8)):
        changed[place] = data.draw(st.integers(0, 255))
    path = tmp_path / "image.tif"
    path.write_bytes(changed[: data.draw(st.integers(1, len(changed)))])
    tracemalloc.start()
    try:
        with contextlib.suppress(LabrelayError):
            read_image(path, max_pixels=4_000_000)
        assert tracemalloc.get_traced_memory()[1] < 100_000_000
    finally:
        tracemalloc.stop()


BILLION = (
    '<!DOCTYPE O [<!ENTITY a "aaaaaaaaaa">'
    + "".join(
        f'<!ENTITY {name} "{f"&{before};" * 10}">' for before, name in zip("abcdefghij", "bcdefghijk", strict=True)
    )
    + "]><OME><Image Name='&k;'><Pixels/></Image></OME>"
)
OUTSIDE = '<!DOCTYPE O [<!ENTITY x SYSTEM "file:///etc/passwd">]><OME><Image><Pixels>&x;</Pixels></Image></OME>'


@pytest.mark.parametrize("xml", [BILLION, OUTSIDE, "<" * 100_000, "<a>" * 100_000])
@pytest.mark.timeout(30)
def test_xml_that_expands_or_leads_out_says_nothing(xml: str) -> None:
    told = ome_image(xml, "a.tif", 1)
    assert not told.planes
    assert not told.channel_names


@QUICK
@given(
    text=st.text(max_size=300)
    | st.sampled_from(["a=" + "[" * 5_000, "a." * 5_000 + "a=1", "[" * 10_000, "x=" + "9" * 9_000])
)
def test_any_description_of_a_model_is_read_or_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / DESCRIPTION_FILE).write_text(text, encoding="utf-8", errors="replace")
    with contextlib.suppress(LabrelayError, tomllib.TOMLDecodeError):
        read_description(tmp_path)
