"""Crops stay aligned with their targets, and cover the scales they promise."""

import numpy as np
import pytest

from pipelines.training.augment import Augmentation, blank, random_scale, random_view, vary
from pipelines.training.batches import Batch, Batches
from pipelines.training.data import LabelledImage
from pipelines.training.errors import TrainingDataInvalid
from pipelines.training.record import Normalisation
from tests.pipelines.training.specimen import image, labelled_discs


def test_image_and_labels_are_warped_alike() -> None:
    labels = labelled_discs((64, 40, 20), (64, 90, 12))
    rng = np.random.default_rng(3)
    for scale in (0.5, 1.0, 2.5):
        view, numbers = random_view((labels > 0).astype(np.float32), labels, scale, 96, rng)
        assert view.shape == numbers.shape == (96, 96)
        assert set(np.unique(numbers)) <= {0, 1, 2}
        sure = (view < 0.05) | (view > 0.95)
        np.testing.assert_array_equal((view > 0.5)[sure], (numbers > 0)[sure])


def test_scale_enlarges_objects_as_asked() -> None:
    labels = labelled_discs((256, 256, 20), size=512)
    field = (labels > 0).astype(np.float32)
    areas = [random_view(field, labels, 2.0, 768, np.random.default_rng(seed))[0].sum() for seed in range(12)]
    assert np.median(areas) == pytest.approx(np.pi * 40.0**2, rel=0.15)


def test_views_around_an_object_show_one() -> None:
    labels = labelled_discs((30, 420, 12), size=512)
    shown = [
        random_view((labels > 0).astype(np.float32), labels, 1.0, 96, np.random.default_rng(seed), labels)[1].any()
        for seed in range(20)
    ]
    assert all(shown)


def test_images_may_be_learnt_smaller_than_recorded() -> None:
    halved = Augmentation(far_share=0.0, near=1.0, blank_share=0.0, reduction=2.0)
    disc = LabelledImage("d", labelled_discs((64, 64, 40)).astype(np.uint8) * 200, labelled_discs((64, 64, 40)))
    maps = Batches([disc], Normalisation(), halved, np.random.default_rng(0), size=64, batch=4).draw().maps
    assert np.median(maps[:, 0].sum(axis=(1, 2))) == pytest.approx(np.pi * 20.0**2, rel=0.2)


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

    def first() -> Batch:
        return Batches(images, Normalisation(), Augmentation(), np.random.default_rng(5), size=64, batch=4).draw()

    batch = first()
    assert batch.images.shape == (4, 1, 64, 64)
    assert batch.maps.shape == (4, 5, 64, 64)
    assert batch.importance.shape == batch.precision.shape == (4, 64, 64)
    assert 0.0 <= batch.maps[:, :3].min() <= batch.maps[:, :3].max() <= 1.0
    np.testing.assert_allclose(first().images, batch.images, atol=1e-5)
    # Where an array lies in memory may decide the last bit of a float.
    np.testing.assert_allclose(first().maps, batch.maps, atol=1e-5)


def test_images_without_any_object_are_refused() -> None:
    empty = LabelledImage("e", np.zeros((64, 64), np.uint8), np.zeros((64, 64), np.int32))
    with pytest.raises(TrainingDataInvalid, match="nothing to learn"):
        Batches([empty], Normalisation(), Augmentation(), np.random.default_rng(0))
