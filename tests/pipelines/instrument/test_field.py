"""Fields look like micrographs, are repeatable, and carry a truth that can be trusted."""

import numpy as np
import pytest
from skimage.measure import label

from pipelines.instrument import FieldOptions, make_field

SMALL = FieldOptions(height=256, width=320)


def test_the_same_seed_well_and_site_give_the_same_bytes() -> None:
    first, second = make_field(5, "B03", 2, SMALL), make_field(5, "B03", 2, SMALL)

    assert first.pixels.tobytes() == second.pixels.tobytes()
    assert first.labels.tobytes() == second.labels.tobytes()


@pytest.mark.parametrize(("seed", "well", "site"), [(6, "B03", 2), (5, "B04", 2), (5, "B03", 1)])
def test_another_seed_well_or_site_gives_another_image(seed: int, well: str, site: int) -> None:
    assert not np.array_equal(make_field(5, "B03", 2, SMALL).pixels, make_field(seed, well, site, SMALL).pixels)


@pytest.mark.parametrize("well", ["A01", "C07", "H11"])
def test_labels_run_from_one_to_the_count_without_a_gap(well: str) -> None:
    field = make_field(1, well, 1)

    assert field.count > 20
    assert np.array_equal(np.unique(field.labels), np.arange(field.count + 1))


def test_every_nucleus_is_one_piece() -> None:
    field = make_field(2, "D05", 1)

    assert all(label(field.labels == number).max() == 1 for number in range(1, field.count + 1))


def test_nuclei_have_the_size_of_real_ones() -> None:
    areas = np.bincount(make_field(3, "A01", 1, FieldOptions(1024, 1024)).labels.ravel())[1:]
    diameters = np.sqrt(4 * areas / np.pi)

    assert 25 < np.median(diameters) < 31
    assert diameters.max() < 44
    # Even a nucleus that the border cuts shows enough of itself to be counted.
    assert diameters.min() > 10


def test_pixels_are_twelve_bits_above_a_camera_offset() -> None:
    field = make_field(4, "A01", 1, SMALL)

    assert field.pixels.dtype == np.uint16
    assert field.pixels.shape == field.labels.shape == (256, 320)
    assert field.pixels.max() <= 4095
    assert 90 < np.percentile(field.pixels, 1) < 200


def test_every_nucleus_stands_out_of_the_noise() -> None:
    field = make_field(6, "C04", 1)
    background = field.pixels[field.labels == 0]
    # Neighbouring background pixels differ by noise alone, whatever the illumination.
    noise = np.median(np.abs(np.diff(field.pixels.astype(float), axis=1)[(field.labels[:, 1:] == 0)]))
    means = [field.pixels[field.labels == number].mean() for number in range(1, field.count + 1)]

    assert min(means) - np.median(background) > 6 * noise


def test_some_nuclei_touch_and_some_are_dim() -> None:
    field = make_field(7, "E06", 1, FieldOptions(1024, 1024))
    means = [field.pixels[field.labels == number].mean() for number in range(1, field.count + 1)]

    assert label(field.labels > 0).max() < 0.9 * field.count
    assert np.percentile(means, 3) < 0.65 * np.median(means)


def test_wells_differ_in_density() -> None:
    counts = [make_field(8, f"A{column:02d}", 1).count for column in range(1, 7)]

    assert max(counts) > 1.3 * min(counts)


def test_a_blank_field_has_no_nuclei_but_is_not_flat() -> None:
    field = make_field(9, "H12", 1, FieldOptions(blank=True))

    assert field.count == 0
    assert not field.labels.any()
    assert field.pixels.std() > 2
