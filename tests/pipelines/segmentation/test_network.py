import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import openvino as ov
import pytest
from openvino import opset13 as ops

from labrelay.errors import SettingsInvalid
from pipelines.images.errors import PlaneNotFound
from pipelines.segmentation.errors import InferenceFailed, ModelPackageInvalid
from pipelines.segmentation.network import Network
from pipelines.segmentation.normalise import grey_range
from pipelines.segmentation.package import load_package
from pipelines.segmentation.precision import PRECISION

Packager = Callable[[Path, ov.Model], Path]


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


def test_pixels_as_recorded_are_normalised_tile_by_tile_and_left_as_they_are(network: Network) -> None:
    recorded = np.random.default_rng(0).integers(100, 4000, (300, 700)).astype(np.uint16)
    kept, grey = recorded.copy(), grey_range(recorded, 1.0, 99.8, 10.0)
    np.testing.assert_array_equal(network.predict(recorded, [grey]), network.predict(grey.scaled(recorded)))
    np.testing.assert_array_equal(recorded, kept)


@pytest.mark.parametrize("shape", [(2, 64, 64), (3, 64, 64)])
def test_an_image_of_other_channels_is_refused(network: Network, shape: tuple[int, ...]) -> None:
    with pytest.raises(PlaneNotFound, match=f"1 channel, the image has {shape[0]}"):
        network.predict(np.zeros(shape, np.float32))


def test_each_channel_of_a_users_model_has_its_own_range(tmp_path: Path, packager: Packager) -> None:
    image = ops.parameter([-1, 2, -1, -1], np.float32, name="image")
    folder = packager(tmp_path, ov.Model([ops.sigmoid(image)], [image], "both"))
    toml = folder / "model.toml"
    toml.write_text(toml.read_text(encoding="utf-8").replace("channels = 1", "channels = 2"), encoding="utf-8")
    dark = np.random.default_rng(0).integers(100, 200, (70, 300)).astype(np.uint16)
    both = np.stack([dark, dark * 100])
    first, second = Network(load_package(folder)).predict(both, [grey_range(plane, 1, 99, 1) for plane in both])
    np.testing.assert_allclose(first, second, atol=0.02)


def test_the_precision_is_what_the_processor_has_unless_the_environment_asks(
    package_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = load_package(package_folder)
    native = "BF16" in ov.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    monkeypatch.delenv(PRECISION, raising=False)
    assert Network(package).precision == ("bf16" if native else "fp32")
    monkeypatch.setenv(PRECISION, "FP32")
    exact = Network(package)
    assert exact.precision == "fp32"
    picture = _picture((64, 64))
    np.testing.assert_allclose(exact.predict(picture)[0], 1 / (1 + np.exp(-20 * (picture - 0.5))), atol=1e-5)
    monkeypatch.setenv(PRECISION, "fp64")
    with pytest.raises(SettingsInvalid, match="fp64"):
        Network(package)


def test_a_quantised_network_says_so(tmp_path: Path, packager: Packager) -> None:
    image = ops.parameter([-1, 1, -1, -1], np.float32, name="image")
    ends = [np.float32(value) for value in (-1.0, 4.0, -1.0, 4.0)]
    rounded = ops.fake_quantize(image, *ends, 256)
    maps = ops.sigmoid(ops.concat([rounded, rounded], axis=1))
    assert Network(load_package(packager(tmp_path, ov.Model([maps], [image], "int8")))).precision == "int8"


def test_concurrent_callers_get_their_own_answers(network: Network) -> None:
    # Small ones in one piece, others in tiles.
    pictures = [_picture((120 + 50 * number, 240), number) for number in range(8)]
    expected = [network.predict(picture) for picture in pictures]
    with ThreadPoolExecutor(4) as pool:
        for found, right in zip(pool.map(network.predict, pictures), expected, strict=True):
            np.testing.assert_array_equal(found, right)


def test_only_images_large_enough_are_cut_for_several_streams(fresh_package: Path) -> None:
    toml = fresh_package / "model.toml"
    toml.write_text(toml.read_text(encoding="utf-8").replace("tile_px = 256", "tile_px = 1024"), encoding="utf-8")
    network = Network(load_package(fresh_package), threads=2)
    assert len(network.tiles(520, 696)) == 1
    assert len(network.tiles(1000, 1000)) > 1


def test_the_compiled_network_is_cached(package_folder: Path, tmp_path: Path) -> None:
    package, cache = load_package(package_folder), tmp_path / "deep" / "cache"
    first = Network(package, cache, threads=1).predict(_picture((64, 64)))
    assert list(cache.glob("*.blob"))
    np.testing.assert_array_equal(Network(package, cache).predict(_picture((64, 64))), first)


def test_a_network_with_other_ports_is_refused(tmp_path: Path, packager: Packager) -> None:
    image, other = (ops.parameter([1, 1, -1, -1], np.float32, name=name) for name in ("picture", "mask"))
    folder = packager(tmp_path, ov.Model([ops.add(image, other)], [image, other], "other"))
    with pytest.raises(ModelPackageInvalid, match="2 inputs"):
        Network(load_package(folder))


@pytest.mark.parametrize("name", ["model.xml", "model.bin"])
def test_a_network_that_openvino_cannot_read_is_refused(fresh_package: Path, name: str) -> None:
    package = load_package(fresh_package)
    (fresh_package / name).write_bytes(b"")
    with pytest.raises(ModelPackageInvalid, match="OpenVINO can't read"):
        Network(package)


def test_importing_the_network_loads_no_telemetry() -> None:
    # In a process of its own: whoever imports openvino first decides.
    program = (
        "import sys, pipelines.segmentation.network, openvino\n"
        "assert 'openvino.tools.ovc.telemetry_stub' in sys.modules\n"
        "assert not any(name.startswith('openvino_telemetry.') for name in sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)


@pytest.mark.parametrize("heads", [["foreground", "seed"], ["foreground"]])
def test_an_answer_of_no_numbers_is_no_empty_image(tmp_path: Path, packager: Packager, heads: list[str]) -> None:
    image = ops.parameter([-1, 1, -1, -1], np.float32, name="image")
    hidden = ops.multiply(ops.log(ops.subtract(np.float32(5.0), image)), np.float32(1e-3))  # NaN beyond 5
    maps = ops.multiply(ops.sigmoid(image), ops.add(hidden, np.float32(0.9)))
    folder = packager(tmp_path, ov.Model([ops.concat([maps] * len(heads), axis=1)], [image], "breaking"))
    toml = folder / "model.toml"
    toml.write_text(toml.read_text(encoding="utf-8").replace('"foreground", "seed"', str(heads)[1:-1]), "utf-8")
    network = Network(load_package(folder), precision="fp32")
    picture = _picture((70, 300))
    assert network.predict(picture).shape[1:] == picture.shape
    picture[11, 280] = 6.0
    with pytest.raises(InferenceFailed, match="no finite numbers"):
        network.predict(picture)
