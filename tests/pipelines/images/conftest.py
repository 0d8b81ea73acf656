"""A grey field that every value of 12 bit occurs in."""

import numpy as np
import pytest
from numpy.typing import NDArray


@pytest.fixture
def grey() -> NDArray[np.uint16]:
    return np.random.default_rng(0).integers(100, 4096, (60, 80)).astype(np.uint16)
