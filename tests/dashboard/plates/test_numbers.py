"""Steps of colours, layers of wells, controls and replicates: pure figures."""

import statistics

import pytest

from dashboard.plates.controls import controls_of
from dashboard.plates.layers import layers_of, main_key, usual_layer, values_of
from dashboard.plates.scales import Scale, number_of, scale_of
from dashboard.plates.selection import chosen_of, text_of, where_of
from dashboard.plates.view import PlateView
from labrelay.contracts.filters import JobFilter
from labrelay.contracts.states import Stage
from labrelay.plates.wells import Well, well_of
from tests.dashboard.plates.samples import ID, counted, plate_of, well, whole


def test_the_ends_of_a_scale_have_the_first_and_the_last_step() -> None:
    scale = Scale(10, 42)
    assert [scale.step(value) for value in (-5, 10, 11, 41.9, 42, 99)] == [0, 0, 1, 31, 31, 31]
    assert Scale(3, 3).step(3) == 16
    assert sum(scale.histogram([10, 11, 42])) == 3


def test_clipping_leaves_the_outermost_out_and_rescaling_does_not() -> None:
    values = [*map(float, range(100)), 10_000.0]
    assert scale_of(values, "rescale", "viridis").high == 10_000
    assert scale_of(values, "clip", "viridis") == Scale(2, 98)


def test_a_diverging_map_has_the_median_in_its_middle() -> None:
    scale = scale_of([1.0, 2.0, 10.0], "rescale", "diverging")
    assert (scale.low + scale.high) / 2 == 2
    assert scale_of([1.0, 2.0], "rescale", "diverging", 0, 100) == Scale(0, 100)


@pytest.mark.parametrize(
    ("value", "text"),
    [(598, "598"), (1204, "1,204"), (0.00312, "0.00312"), (2.4512, "2.45"), (0, "0"), (1.5e7, "1.5e+07")],
)
def test_numbers_are_short(value: float, text: str) -> None:
    assert number_of(float(value)) == text


def test_wells_are_chosen_by_names_and_rectangles() -> None:
    assert [each.name for each in chosen_of("b7,C01:C03,zz9,Q77,D01:C02", 8, 12)] == [
        "B07", "C01", "C02", "C03", "D01", "D02",
    ]  # fmt: skip
    assert text_of(chosen_of("A01:B12", 8, 12)) == "A01:A12,B01:B12"
    assert text_of([well_of(each) for each in ("B07", "B08", "B10")]) == "B07:B08,B10"
    assert chosen_of("P24", 8, 12) == ()


def test_chosen_wells_become_a_filter_of_the_documented_language() -> None:
    wanted = JobFilter.parse(where_of(ID, [Well(2, 7), Well(2, 8)], 96))
    assert (wanted.plate, wanted.well, wanted.kind) == ((ID,), ("B07", "B08"), ("image",))
    assert JobFilter.parse(where_of(ID, whole(32, 48), 1536)).well == ()


def test_more_wells_than_a_filter_names_never_become_all_wells() -> None:
    assert where_of(ID, whole(32, 48)[:-1], 1536) == ""
    assert len(JobFilter.parse(where_of(ID, whole(32, 48)[:900], 1536)).well) == 900


def test_a_view_is_its_address() -> None:
    pairs = [
        ("layer", "count"),
        ("colours", "cividis"),
        ("scale", "fixed"),
        ("low", "0"),
        ("high", "9"),
        ("sel", "B07:B09"),
    ]
    view = PlateView.read(pairs)
    assert view.query == "?layer=count&colours=cividis&scale=fixed&low=0&high=9&sel=B07:B09"
    assert (view.fixed, PlateView.read(view.pairs)) == ((0.0, 9.0), view)


def test_an_address_of_nonsense_is_the_usual_view() -> None:
    pairs = [("colours", "x"), ("scale", "?"), ("low", "nan"), ("high", "1e999"), ("page", "-3"), ("show", "3d")]
    assert PlateView.read(pairs) == PlateView()


def test_every_measurement_is_a_layer_and_gives_way_to_ours() -> None:
    found = plate_of([well(Well(1, 1), 3.0, 1.0, 2.0)], measurements=("status", "qc_focus", "nuclei_count"))
    layers = layers_of(found)
    assert {"progress", "status", "arrival", "flags", "measured_status", "qc_focus", "nuclei_count"} == set(layers)
    assert (main_key(found), values_of(found, "measured_status")) == ("nuclei_count", {"A01": 3.0})
    assert layers["qc_focus"].group != layers["nuclei_count"].group


def test_while_images_come_the_status_is_shown_first() -> None:
    assert (usual_layer(counted()), usual_layer(counted(state="arriving"))) == ("count", "status")


def test_progress_is_of_what_is_expected() -> None:
    half = well(Well(1, 1), None, None, images=2, expected=4, stages={Stage.COMPLETE: 1, Stage.READY: 1})
    assert values_of(plate_of([half]), "progress") == {"A01": 25.0}


def test_replicates_have_one_variation_where_they_are_declared() -> None:
    wells = [
        well(place, value, None, sample="s1") for place, value in zip(whole()[:3], (90.0, 100.0, 110.0), strict=True)
    ]
    found = plate_of([*wells, well(Well(2, 1), 7.0, None)])
    assert values_of(found, "cv") == pytest.approx(dict.fromkeys(("A01", "A02", "A03"), 10.0))
    assert "cv" not in layers_of(counted())


def test_z_prime_comes_from_declared_controls_alone() -> None:
    values = {"A01": 100.0, "A02": 104.0, "B01": 10.0, "B02": 12.0}
    declared = {"A01": "positive", "A02": "positive", "B01": "negative", "B02": "negative"}
    found = controls_of(declared, values)
    assert found is not None
    scatter = statistics.stdev([100, 104]) + statistics.stdev([10, 12])
    assert found.z_prime == pytest.approx(1 - 3 * scatter / 91)
    assert controls_of({}, values) is None
    assert controls_of({"A01": "positive", "B01": "negative"}, values) is None
