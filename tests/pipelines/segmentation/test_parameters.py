from typing import Any

import pytest

from pipelines.images.stack import Selection
from pipelines.segmentation.errors import ParameterInvalid
from pipelines.segmentation.parameters import OutputChoice, SegmentationParameters, parse_parameters


def test_strings_become_numbers_and_empty_ones_are_left_out() -> None:
    given = {"diameter_px": "24.5", "channel": "1", "pixel_size_um": ""}
    assert parse_parameters(given) == SegmentationParameters(diameter_px=24.5, channel=1)


@pytest.mark.parametrize(
    ("given", "selection"),
    [
        ({"channel": "2", "z": "3", "time": "4"}, Selection(2, 3, 4)),
        ({"channel": " DAPI ", "z": "max"}, Selection("DAPI", "max")),
        ({"channel": "405 nm", "z": "focus"}, Selection("405 nm", "focus")),
        ({"z": "middle", "channel": ""}, Selection(z="middle")),
        ({"channel": 1, "z": 0, "time": None}, Selection(1, 0)),
    ],
)
def test_the_plane_is_chosen_by_number_or_name(given: dict[str, Any], selection: Selection) -> None:
    assert parse_parameters(given).selection == selection


@pytest.mark.parametrize(
    ("given", "files"),
    [
        ({}, OutputChoice(overlay=True, csv=True, parquet=False, geojson=False)),
        ({"table": "Parquet", "overlay": "no"}, OutputChoice(overlay=False, csv=False, parquet=True, geojson=False)),
        ({"table": "both", "geojson": "yes"}, OutputChoice(overlay=True, csv=True, parquet=True, geojson=True)),
        ({"table": "csv", "geojson": True, "overlay": "false"}, OutputChoice(False, True, False, True)),
    ],
)
def test_the_files_to_write_are_chosen(given: dict[str, Any], files: OutputChoice) -> None:
    assert parse_parameters(given).outputs == files


def test_nothing_given_is_fine() -> None:
    assert parse_parameters({}) == SegmentationParameters()


@pytest.mark.parametrize(
    ("given", "cause"),
    [
        ({"diameter": "24"}, "'diameter' is unknown; known are diameter_px"),
        ({"diameter_px": "wide"}, "'diameter_px' can't be 'wide'"),
        ({"diameter_px": "0"}, "greater than 0"),
        ({"diameter_px": "nan"}, "finite"),
        ({"channel": "-1"}, "'channel' can't be '-1': .* counted 0, 1, 2"),
        ({"z": "deep"}, "'z' can't be 'deep': .* one of middle, max, focus"),
        ({"z": "-1"}, "counted 0, 1, 2"),
        ({"time": "late"}, "'time' can't be 'late': .* a number from 0 on"),
        ({"channel": "1.5"}, "'channel' can't be '1.5'"),
        ({"table": "xlsx"}, "'table' can't be 'xlsx': .* one of csv, parquet, both"),
        ({"geojson": "maybe"}, "'geojson' can't be 'maybe': .* yes or no"),
        ({"overlay": "2"}, "'overlay' can't be '2': .* yes or no"),
    ],
)
def test_a_wrong_parameter_is_named(given: dict[str, str], cause: str) -> None:
    with pytest.raises(ParameterInvalid, match=cause):
        parse_parameters(given)


@pytest.mark.parametrize("size", ["1e-9", "0", "1e9", "nan"])
def test_a_pixel_size_beyond_all_microscopes_is_refused(size: str) -> None:
    with pytest.raises(ParameterInvalid, match="pixel_size_um"):
        parse_parameters({"pixel_size_um": size})
