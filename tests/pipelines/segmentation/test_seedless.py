import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.segmentation.instances import InstanceParameters, label_instances
from pipelines.segmentation.seedless import with_seeds

PARAMETERS = InstanceParameters()


def field(*discs: tuple[int, int, int]) -> NDArray[np.float32]:
    drawn = np.zeros((200, 240), np.uint8)
    for x, y, radius in discs:
        cv2.circle(drawn, (x, y), radius, 1, -1)
    return drawn[np.newaxis].astype(np.float32)


def count(prediction: NDArray[np.float32]) -> int:
    return int(label_instances(with_seeds(prediction, 0.5), PARAMETERS).max())


def test_touching_discs_have_a_seed_each() -> None:
    assert count(field((60, 100, 20), (97, 100, 20), (134, 100, 20))) == 3


def test_small_objects_keep_their_seeds_beside_large_ones() -> None:
    assert count(field((60, 60, 40), (150, 60, 40), (60, 160, 6), (200, 170, 5))) == 4


def test_maps_behind_the_foreground_stay_behind_the_seeds() -> None:
    prediction = np.concatenate([field((60, 60, 20)), np.full((1, 200, 240), -3, np.float32)])
    foreground, seeds, offset = with_seeds(prediction, 0.5)
    np.testing.assert_array_equal(foreground, prediction[0])
    np.testing.assert_array_equal(offset, prediction[1])
    assert (seeds.min(), seeds.max(), seeds.dtype) == (0.0, 1.0, np.float32)
    assert np.all((seeds > 0) <= (foreground > 0))


def test_a_blank_and_a_full_field_hold_none_and_one() -> None:
    assert count(np.zeros((1, 64, 64), np.float32)) == 0
    assert count(np.ones((1, 64, 64), np.float32)) == 1
