"""What a vendor would write of an image is read back whole; no text raises, none takes long."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labrelay.plates import Names
from labrelay.plates.bounded import LONGEST_PATH
from labrelay.plates.presets import PRESETS
from labrelay.plates.wells import COLUMNS, ROWS, Well, row_of, well_of

CHOICES = [Names(choice) for choice in ("auto", *(preset.name for preset in PRESETS))]
plates = st.text("abcXYZ0189 -#é", min_size=1, max_size=12).map(lambda text: f"q{text}q")
wells = st.builds(Well, st.integers(1, ROWS), st.integers(1, COLUMNS))
Shot = tuple[str, Well, int, int, int, int]
shots = st.tuples(plates, wells, *(st.integers(1, 99) for _ in range(4)))

WRITERS: dict[str, Callable[[str, Well, int, int, int, int], str]] = {
    "imagexpress": lambda p, w, f, c, z, t: f"{p}/TimePoint_{t}/ZStep_{z}/{p}_{w.name}_s{f}_w{c}.TIF",
    "harmony": lambda p, w, f, c, z, t: (
        f"{p}__2020-01-02T03_04_05-Measurement 1/Images/r{w.row:02}c{w.column:02}f{f:02}p{z:02}-ch{c}sk{t}fk1fl1.tiff"
    ),
    "yokogawa": lambda p, w, f, c, z, t: f"{p}/{p}_{w.name}_T{t:04}F{f:03}L01A01Z{z:02}C{c:02}.tif",
    "zeiss": lambda p, w, f, c, z, t: f"{p}_{w.name}_s{f:02}_t{t}_z{z}_c{c}_ORG.tif",
    "nikon": lambda p, w, f, c, z, t: f"{p}_well{w.name}_xy{f:02}z{z}c{c}t{t:03}.tif",
    "scanr": lambda p, w, f, c, z, t: f"{p}--{w.name}--W00001--P{f:05}--Z{z:05}--T{t:05}--{c}.tif",
    "plain": lambda p, w, f, c, z, t: f"{p}_{w.letters}{w.column}_f{f}_ch{c}_z{z}_t{t}.tif",
}


@pytest.mark.parametrize("preset", WRITERS)
@settings(max_examples=50)
@given(shot=shots)
def test_what_is_written_is_read_back(preset: str, shot: Shot) -> None:
    plate, well, *numbers = shot
    found = Names("auto").read(WRITERS[preset](*shot))
    assert found is not None
    assert found == Names(preset).read(WRITERS[preset](*shot)) or preset == "plain"
    told = dict(found[1])
    assert (told["plate"], told["well"], told["row"], told["column"]) == (plate, well.name, well.letters, well.column)
    assert [told[name] for name in ("field", "channel", "z", "time")] == numbers


@given(shot=shots)
def test_metamorph_and_incucyte_read_back_what_their_names_can_hold(shot: Shot) -> None:
    plate, well, field, _, _, moment = shot
    metamorph = Names("auto").read(f"{plate}_{well.name}_w1DAPI_s{field}_t{moment}.TIF")
    assert metamorph is not None
    wanted: dict[str, Any] = {"plate": plate, "well": well.name, "field": field, "channel": "DAPI", "time": moment}
    assert wanted.items() <= metamorph[1].items()
    incucyte = Names("auto").read(f"EssenFiles/ScanData/2402/29/2359/7/{well.letters}{well.column}-{field}-C1.tif")
    assert incucyte is not None
    wanted = {"plate": "7", "well": well.name, "field": field, "channel": "C1", "acquired": "2024-02-29T23:59"}
    assert wanted.items() <= incucyte[1].items()


@given(well=wells)
def test_a_well_is_its_name(well: Well) -> None:
    assert well_of(well.name) == well_of(well.name.lower()) == well_of(f"{well.letters}-{well.column}") == well
    assert row_of(well.letters) == row_of(str(well.row)) == well.row


@pytest.mark.parametrize("text", ["", "A", "1", "A0", "A49", "AG1", "ZZ1", "A1000", "Ä1", "A١", "33", "A01x", "A--1"])
def test_what_no_plate_has_is_no_well(text: str) -> None:
    with pytest.raises(ValueError, match=r"well|plate|row"):
        well_of(text)


pieces = st.sampled_from(
    ["A01", "_s1", "_w1", "r01c01f01p01", "-ch1", "--", "_ORG", "xy1", "TimePoint_1/", "Well", "/"]
)
texts = st.one_of(st.text(max_size=200), st.lists(st.one_of(pieces, st.text(max_size=5))).map("".join))


@given(path=texts)
def test_no_text_raises(path: str) -> None:
    for names in CHOICES:
        found = names.read(path)
        assert found is None or all(isinstance(value, int | str) for value in found[1].values())
        assert names.leaves_out(path) in (True, False)


@pytest.mark.timeout(60)
@pytest.mark.parametrize("piece", ["A01_", "a", "_", "-", "1", "well", "_s1_c1_z1_t1", "_w1DAPI", "xy1c1", "r01"])
def test_the_longest_names_are_through_in_no_time(piece: str) -> None:
    """No speed is asserted: an expression that backtracks without bound would take longer than the universe has."""
    for names in CHOICES:
        for ending in (".tif", "!"):
            path = (piece * LONGEST_PATH)[: LONGEST_PATH - len(ending)] + ending
            found = names.read(path)
            assert found is None or len(path) == LONGEST_PATH
            assert names.leaves_out(path) in (True, False)
