import pytest

from pipelines.segmentation.errors import ParameterInvalid
from pipelines.segmentation.parameters import SegmentationParameters, parse_parameters


def test_strings_become_numbers_and_empty_ones_are_left_out() -> None:
    given = {"diameter_px": "24.5", "channel": "1", "pixel_size_um": ""}
    assert parse_parameters(given) == SegmentationParameters(diameter_px=24.5, channel=1)


def test_nothing_given_is_fine() -> None:
    assert parse_parameters({}) == SegmentationParameters()


@pytest.mark.parametrize(
    ("given", "cause"),
    [
        ({"diameter": "24"}, "'diameter' is unknown; known are diameter_px"),
        ({"diameter_px": "wide"}, "'diameter_px' can't be 'wide'"),
        ({"diameter_px": "0"}, "greater than 0"),
        ({"diameter_px": "nan"}, "finite"),
        ({"channel": "-1"}, "greater than or equal to 0"),
        ({"channel": "1.5"}, "'channel' can't be '1.5'"),
    ],
)
def test_a_wrong_parameter_is_named(given: dict[str, str], cause: str) -> None:
    with pytest.raises(ParameterInvalid, match=cause):
        parse_parameters(given)
