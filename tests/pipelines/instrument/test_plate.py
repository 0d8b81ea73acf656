"""Plates know their wells, the stage's way and vendors' file names."""

import pytest

from pipelines.instrument import Order, Plate, Vendor
from pipelines.instrument.errors import PlateUnknown
from pipelines.instrument.plate import Shot, Well


def test_a_snake_turns_round_at_the_end_of_each_row() -> None:
    names = [well.name for well in Plate("P", 2, 3, order=Order.SNAKE).wells()]

    assert names == ["A01", "A02", "A03", "B03", "B02", "B01"]


def test_row_by_row_starts_every_row_at_the_first_column() -> None:
    names = [well.name for well in Plate("P", 2, 3, order=Order.ROWS).wells()]

    assert names == ["A01", "A02", "A03", "B01", "B02", "B03"]


@pytest.mark.parametrize(("wells", "last"), [(96, "H12"), (384, "P24"), (1536, "AF48")])
def test_usual_plates_end_at_their_last_well(wells: int, last: str) -> None:
    names = [well.name for well in Plate.of_wells("P", wells).wells()]

    assert len(names) == len(set(names)) == wells
    assert last in names


def test_an_unusual_number_of_wells_is_refused() -> None:
    with pytest.raises(PlateUnknown, match="97 wells"):
        Plate.of_wells("P", 97)


def test_the_last_well_is_blank_by_default() -> None:
    plate = Plate.of_wells("P", 96)

    assert [well.name for well in plate.wells() if plate.is_blank(well)] == ["H12"]


def test_blank_wells_can_be_chosen() -> None:
    plate = Plate("P", blank_wells=frozenset({"A01", "B02"}))

    assert [well.name for well in plate.wells() if plate.is_blank(well)] == ["A01", "B02"]


@pytest.mark.parametrize("images", [2, 3, 12, 95])
def test_fewer_images_are_spread_over_the_plate_with_the_blank_well(images: int) -> None:
    plate = Plate.of_wells("P", 96)
    wells = [shot.well for shot in plate.shots(images)]

    assert len(set(wells)) == images
    assert sum(plate.is_blank(well) for well in wells) == 1
    assert len({well.row for well in wells}) >= min(images, 8) - 1


def test_one_image_shows_cells() -> None:
    plate = Plate.of_wells("P", 96)

    assert [shot.well.name for shot in plate.shots(1)] == ["A01"]


def test_a_whole_plate_takes_all_sites_of_a_well_before_the_next() -> None:
    shots = [(shot.well.name, shot.site) for shot in Plate("P", 1, 2, sites=2).shots()]

    assert shots == [("A01", 1), ("A01", 2), ("A02", 1), ("A02", 2)]


def test_more_images_than_wells_take_further_sites() -> None:
    shots = [(shot.well.name, shot.site) for shot in Plate("P", 1, 2).shots(5)]

    assert shots == [("A01", 1), ("A01", 2), ("A01", 3), ("A02", 1), ("A02", 2)]


@pytest.mark.parametrize(
    ("vendor", "path"),
    [
        (Vendor.IMAGEXPRESS, "P7/P7_B03_s2_w1.tif"),
        (Vendor.OPERA, "P7/Images/r02c03f002p01-ch1sk1fk1fl1.tiff"),
        (Vendor.INCUCYTE, "P7/EssenFiles/ScanData/2601/05/0900/1001/B3-2-C1.tif"),
    ],
)
def test_files_are_named_as_vendors_do(vendor: Vendor, path: str) -> None:
    assert Plate("P7", vendor=vendor).path(Shot(Well(1, 2), 2)) == path


@pytest.mark.parametrize("vendor", list(Vendor))
def test_no_two_images_of_a_plate_share_a_name(vendor: Vendor) -> None:
    plate = Plate.of_wells("P", 384, sites=2, vendor=vendor)
    shots = plate.shots()

    assert len({plate.path(shot) for shot in shots}) == len(shots) == 768
