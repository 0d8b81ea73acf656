import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import openvino as ov
import pytest
from openvino import opset13 as ops

from pipelines.segmentation.errors import ModelPackageInvalid
from pipelines.segmentation.network import Network
from pipelines.segmentation.package import load_package


@pytest.fixture(scope="module")
def network(package_folder: Path) -> Network:
    return Network(load_package(package_folder))


def _picture(shape: tuple[int, int], seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).random(shape, dtype=np.float32)


@pytest.mark.parametrize("shape", [(1, 1), (1, 700), (31, 33), (256, 256), (257, 255), (500, 1)])
def test_any_size_comes_back_in_its_own_size(network: Network, shape: tuple[int, int]) -> None:
    picture = _picture(shape)
    prediction = network.predict(picture)
    assert prediction.shape == (2, *shape)
    assert prediction.dtype == np.float32
    expected = 1 / (1 + np.exp(-20 * (picture - 0.5)))
    np.testing.assert_allclose(prediction[0], expected, atol=0.03)  # OpenVINO may compute in bfloat16


def test_tiles_leave_no_seam(network: Network, fresh_package: Path) -> None:
    toml = fresh_package / "model.toml"
    toml.write_text(toml.read_text(encoding="utf-8").replace("tile_px = 256", "tile_px = 1024"), encoding="utf-8")
    whole = Network(load_package(fresh_package))
    picture = _picture((896, 992))
    np.testing.assert_allclose(network.predict(picture), whole.predict(picture), atol=1e-3)


def test_concurrent_callers_get_their_own_answers(network: Network) -> None:
    pictures = [_picture((300 + 7 * number, 400), number) for number in range(8)]
    expected = [network.predict(picture) for picture in pictures]
    with ThreadPoolExecutor(4) as pool:
        for found, right in zip(pool.map(network.predict, pictures), expected, strict=True):
            np.testing.assert_array_equal(found, right)


def test_the_compiled_network_is_cached(package_folder: Path, tmp_path: Path) -> None:
    package, cache = load_package(package_folder), tmp_path / "deep" / "cache"
    first = Network(package, cache, threads=1).predict(_picture((64, 64)))
    assert list(cache.glob("*.blob"))
    np.testing.assert_array_equal(Network(package, cache).predict(_picture((64, 64))), first)


def test_a_network_with_other_ports_is_refused(tmp_path: Path, packager: Callable[[Path, ov.Model], Path]) -> None:
    image = ops.parameter([1, 1, 32, 32], np.float32, name="picture")
    folder = packager(tmp_path, ov.Model([ops.relu(image)], [image], "other"))
    with pytest.raises(ModelPackageInvalid, match="picture"):
        Network(load_package(folder))


@pytest.mark.parametrize("name", ["model.xml", "model.bin"])
def test_a_network_that_openvino_cannot_read_is_refused(fresh_package: Path, name: str) -> None:
    package = load_package(fresh_package)
    (fresh_package / name).write_bytes(b"")
    with pytest.raises(ModelPackageInvalid, match="OpenVINO can't load"):
        Network(package)


def test_importing_the_network_loads_no_telemetry() -> None:
    # In a process of its own: whoever imports openvino first decides.
    program = (
        "import sys, pipelines.segmentation.network, openvino\n"
        "assert 'openvino.tools.ovc.telemetry_stub' in sys.modules\n"
        "assert not any(name.startswith('openvino_telemetry.') for name in sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
