from pathlib import Path

import pytest

from pipelines.segmentation.errors import ModelPackageInvalid
from pipelines.segmentation.package import load_package


def test_a_whole_package_loads_with_typed_parts(package_folder: Path) -> None:
    package = load_package(package_folder)
    assert package.description.name == "discs"
    assert package.description.input.tile_px == 256
    assert package.description.training == {"anything": "goes here"}
    assert package.instances.minimum_area_px == 12
    assert package.network_path.name == "model.xml"
    assert package.weights_path is not None


@pytest.mark.parametrize("name", ["model.xml", "model.bin"])
def test_a_changed_file_is_refused_by_its_digest(fresh_package: Path, name: str) -> None:
    with (fresh_package / name).open("ab") as file:
        file.write(b" ")
    with pytest.raises(ModelPackageInvalid, match=f"{name} has the SHA-256"):
        load_package(fresh_package)


@pytest.mark.parametrize("name", ["model.xml", "model.bin", "model.toml"])
def test_an_absent_file_is_named(fresh_package: Path, name: str) -> None:
    (fresh_package / name).unlink()
    with pytest.raises(ModelPackageInvalid, match=f"{name} can't be read"):
        load_package(fresh_package)


@pytest.mark.parametrize(
    ("old", "new", "cause"),
    [
        ("channels = 1", "channels = 17", "input.channels"),
        ("overlap_px = 64", "overlap_px = 256", "overlap_px must be smaller"),
        ("tile_px = 256", "tile_px = 250", "divisible"),
        ("low_percentile = 1.0", "low_percentile = 99.9", "low_percentile must be below"),
        ('["foreground", "seed"]', '["seed"]', "must contain"),
        ("median_diameter_px = 24.0", "median_diameter_px = 5.0", "ordered"),
        ("minimum_area_px = 12", "minimum_aera_px = 12", "minimum_aera_px"),
        ("foreground_threshold = 0.5", "foreground_threshold = 5.0", "between 0 and 1"),
        ('xml = "model.xml"', 'xml = "../model.xml"', "files.xml"),
        ('version = "1.0.0"', 'version = "1.0.0"\ncolour = "red"', "colour"),
        ("[files]", "[files", "can't be parsed"),
    ],
)
def test_a_wrong_description_names_the_key(fresh_package: Path, old: str, new: str, cause: str) -> None:
    toml = fresh_package / "model.toml"
    text = toml.read_text(encoding="utf-8")
    assert old in text
    toml.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(ModelPackageInvalid, match=cause):
        load_package(fresh_package)


def test_the_digest_changes_with_any_setting(fresh_package: Path) -> None:
    before = load_package(fresh_package).digest
    toml = fresh_package / "model.toml"
    toml.write_text(toml.read_text(encoding="utf-8").replace("overlap_px = 64", "overlap_px = 32"), encoding="utf-8")
    assert load_package(fresh_package).digest != before
