"""Each preset reads its vendor's names, `auto` finds the right one, and neither makes anything up."""

import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from labrelay.errors import SettingsInvalid
from labrelay.plates import PRESETS, Names
from pipelines.instrument.plate import Plate, Vendor
from tests.labrelay.plates.vendors import KEPT, KNOWN, LEFT_OUT, NO_PLATE, UNSURE

FORMATS = Path(__file__).parents[4] / "shared" / "data" / "formats"
own_collection = pytest.mark.skipif(not FORMATS.is_dir(), reason="needs the own collection of instrument files")


def cases(table: dict[str, dict[str, Any]]) -> list[Any]:
    return [
        pytest.param(preset, path, told, id=path) for preset, paths in table.items() for path, told in paths.items()
    ]


@pytest.mark.parametrize(("preset", "path", "told"), [*cases(KNOWN), *cases(UNSURE)])
def test_a_preset_reads_its_vendors_names(preset: str, path: str, told: Any) -> None:
    assert Names(preset).read(path) == (preset, told)


@pytest.mark.parametrize(("preset", "path", "told"), cases(KNOWN))
def test_auto_reads_them_alike(preset: str, path: str, told: Any) -> None:
    found = Names("auto").read(path)
    assert found is not None
    assert found[1] == told
    assert found[0] == preset or preset == "plain"  # some names are ImageXpress' and plain ones at once


@pytest.mark.parametrize("path", NO_PLATE)
def test_auto_makes_nothing_up(path: str) -> None:
    assert Names("auto").read(path) is None


@pytest.mark.parametrize(("choice", "path"), [(choice, path) for choice, paths in LEFT_OUT.items() for path in paths])
def test_what_is_no_image_of_a_well_is_left_out(choice: str, path: str) -> None:
    assert Names(choice).leaves_out(path)
    assert not Names("none").leaves_out(path)


@pytest.mark.parametrize("path", KEPT)
def test_auto_leaves_out_only_what_is_never_an_image(path: str) -> None:
    assert not Names("auto").leaves_out(path)


def test_a_preset_leaves_none_of_its_own_images_out() -> None:
    for preset, paths in KNOWN.items():
        assert not [path for path in paths if Names(preset).leaves_out(path) or Names("auto").leaves_out(path)]


def test_every_preset_is_tested_shows_an_example_and_says_where_its_format_comes_from() -> None:
    assert {preset.name for preset in PRESETS} == set(KNOWN)
    for preset in PRESETS:
        assert preset.read(preset.example, sure=True)
        module = __import__(f"labrelay.plates.presets.{preset.name}", fromlist=["x"])
        assert "Format:" in (module.__doc__ or "")


def test_the_administrators_table_says_what_is_read() -> None:
    page = (Path(__file__).parents[3] / "docs" / "administrator.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| ([^|]+) \| `([^|]+)` \| ([^|]+) \|$", page, re.MULTILINE)
    table = {name: (whose, example, told) for name, whose, example, told in rows if name in KNOWN}
    assert set(table) == set(KNOWN)
    for preset in PRESETS:
        whose, example, told = table[preset.name]
        found = Names(preset.name).read(example)
        assert found is not None
        assert whose == preset.title
        assert ", ".join(f"{name} {value}" for name, value in found[1].items()) == told


def test_other_names_of_a_preset_are_known_and_unknown_ones_refused_with_a_hint() -> None:
    for alias in ("opera", "operetta", "phenix", "cv8000", "zen", "metaxpress"):
        assert Names(alias).read("nothing") is None
    with pytest.raises(SettingsInvalid, match=r"'imagexpres'\. Did you mean 'imagexpress'") as refused:
        Names("imagexpres")
    assert "auto, none, yokogawa, harmony" in refused.value.next_step


def test_none_reads_nothing() -> None:
    assert Names("none").read("p_A01_s1_w1.tif") is None


@pytest.mark.parametrize("vendor", list(Vendor))
def test_the_plates_of_the_simulated_reader_are_read(vendor: Vendor) -> None:
    plate = Plate.of_wells("plate9", 384, sites=2, vendor=vendor)
    for shot in plate.shots():
        found = Names("auto").read(plate.path(shot))
        assert found is not None
        assert (found[1]["well"], found[1]["field"]) == (shot.well.name, shot.site)
        assert found[1]["plate"] == ("1001" if vendor is Vendor.INCUCYTE else "plate9")


@own_collection
def test_the_collection_is_read_as_its_instruments_meant_it() -> None:
    paths = [path.relative_to(FORMATS).as_posix() for path in FORMATS.rglob("*.*") if path.is_file()]
    names = Names("auto")
    captured = [path for path in paths if not names.leaves_out(path)]
    read = {path: names.read(path) for path in captured}
    assert Counter((path.split("/")[0], found[0]) for path, found in read.items() if found) == {
        ("bbbc006_focus", "imagexpress"): 2,
        ("imagexpress_4wl_with_thumbs", "imagexpress"): 6,
        ("imagexpress_exported_plate9987", "imagexpress"): 16,
        ("imagexpress_singlechannel", "imagexpress"): 4,
        ("metamorph_tif_bbbc039", "imagexpress"): 1,
        ("mitocheck_scanr_names", "scanr"): 2,
        ("operetta_harmony", "harmony"): 2,
        ("yokogawa_cv8000", "yokogawa"): 96,
    }
    assert len(paths) - len(captured) == 16  # ten thumbnails, six corrections


@own_collection
@pytest.mark.parametrize(
    ("folder", "preset", "wells", "channels"),
    [
        ("imagexpress_4wl_with_thumbs", "imagexpress", {"E07"}, {1, 2, 3}),
        ("imagexpress_singlechannel", "imagexpress", {"E07", "E08"}, {None}),
        ("imagexpress_exported_plate9987", "imagexpress", {"B02", "B03"}, {1, 2}),
        ("yokogawa_cv8000", "yokogawa", {"D08", "E03", "F08"}, {1, 2}),
        ("operetta_harmony", "harmony", {"C03"}, {1}),
    ],
)
def test_a_folder_of_the_collection_tells_its_wells_and_every_image_is_another(
    folder: str, preset: str, wells: set[str], channels: set[int | None]
) -> None:
    names = Names(preset)
    paths = [path.relative_to(FORMATS).as_posix() for path in (FORMATS / folder).rglob("*") if path.is_file()]
    told = [names.read(path) for path in paths if not names.leaves_out(path)]
    found = [each[1] for each in told if each is not None]
    assert len(found) == len(told)
    assert {each["well"] for each in found} == wells
    assert {each.get("channel") for each in found} == channels
    keys = ("well", "field", "channel", "z", "time")
    assert len({tuple(each.get(key) for key in keys) for each in found}) == len(found)
