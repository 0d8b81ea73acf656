"""Crops stay aligned with their targets, and cover the scales they promise."""

import numpy as np
import pytest

from pipelines.training.augment import Augmentation, blank, random_scale, random_view, vary
from pipelines.training.batches import Batches
from pipelines.training.data import LabelledImage, TrainingDataInvalid
from pipelines.training.record import Normalisation
from tests.pipelines.training.specimen import image, labelled_discs


def test_image_and_targets_are_warped_alike() -> None:
    disc = labelled_discs((64, 64, 25)).astype(np.float32)
    rng = np.random.default_rng(3)
    for scale in (0.5, 1.0, 2.5):
        view = random_view(np.dstack([disc, disc, 1.0 - disc]), scale, 96, rng)
        assert view.shape == (96, 96, 3)
        np.testing.assert_allclose(view[..., 0], view[..., 1], atol=1e-6)
        np.testing.assert_allclose(view[..., 0] + view[..., 2], 1.0, atol=1e-3)


def test_scale_enlarges_objects_as_asked() -> None:
    field = np.dstack([labelled_discs((256, 256, 20), size=512).astype(np.float32)] * 3)
    areas = [random_view(field, 2.0, 768, np.random.default_rng(seed))[..., 0].sum() for seed in range(12)]
    assert np.median(areas) == pytest.approx(np.pi * 40.0**2, rel=0.15)


def test_far_scales_reach_the_smallest_and_largest_diameter() -> None:
    rng, augmentation = np.random.default_rng(0), Augmentation(far_share=1.0)
    shown = np.array([25.0 * random_scale(25.0, augmentation, rng) for _ in range(500)])
    assert shown.min() < 14.0
    assert shown.max() > 100.0
    assert ((shown > 10.0) & (shown < 116.0)).all()


def test_intensities_change_but_stay_finite_and_in_range() -> None:
    rng, crop = np.random.default_rng(0), np.random.default_rng(1).random((64, 64)).astype(np.float32)
    for _ in range(50):
        varied = vary(crop, 20.0, rng)
        assert varied.dtype == np.float32
        assert np.isfinite(varied).all()
        assert -1.0 <= varied.min() <= varied.max() <= 4.0


def test_blanks_are_not_stretched_to_look_like_objects() -> None:
    noise_only = [blank(96, (1.0, 99.8), 20.0, np.random.default_rng(seed)) for seed in range(40)]
    assert np.median([np.percentile(field, 95) - np.percentile(field, 5) for field in noise_only]) < 0.5


def test_batches_have_the_promised_shape_and_are_repeatable() -> None:
    images = [image("a", 1), image("b", 2)]

    def first() -> tuple[np.ndarray, np.ndarray]:
        return Batches(images, Normalisation(), Augmentation(), np.random.default_rng(5), size=64, batch=4).draw()

    pictures, wanted = first()
    assert pictures.shape == (4, 1, 64, 64)
    assert wanted.shape == (4, 2, 64, 64)
    assert 0.0 <= wanted.min() <= wanted.max() <= 1.0
    np.testing.assert_array_equal(first()[0], pictures)


def test_images_without_any_object_are_refused() -> None:
    empty = LabelledImage("e", np.zeros((64, 64), np.uint8), np.zeros((64, 64), np.int32))
    with pytest.raises(TrainingDataInvalid, match="nothing to learn"):
        Batches([empty], Normalisation(), Augmentation(), np.random.default_rng(0))
