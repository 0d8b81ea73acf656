import csv
import importlib
import importlib.util
import io
import json
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray

from labrelay.files import digest_file, publish_bytes
from pipelines.images.reader import Image, read_image
from pipelines.segmentation.errors import TableNeedsExtra
from pipelines.segmentation.label_mask import as_ome_tiff
from pipelines.segmentation.measurements import measure, summarise
from pipelines.segmentation.outputs import OutputFiles, as_json, write_outputs
from pipelines.segmentation.parameters import OutputChoice
from pipelines.segmentation.segment import Segmentation, Segmenter

Discs = Callable[..., tuple[NDArray[np.uint16], int]]


@pytest.fixture(scope="module")
def image(discs: Discs) -> Image:
    return Image(discs((300, 400), 24)[0], 0.65, "Plätte 1_A02.v2.tif")


@pytest.fixture(scope="module")
def segmentation(segmenter: Segmenter, image: Image) -> Segmentation:
    return segmenter.segment(image)


@pytest.fixture
def files(tmp_path: Path, image: Image, segmentation: Segmentation) -> OutputFiles:
    return write_outputs(tmp_path, image, segmentation, {"job": "7", "model": "discs 1.0.0"})


def _of(labels: NDArray[np.int32], image: Image, like: Segmentation) -> Segmentation:
    objects = measure(image, labels)
    return replace(like, labels=labels, objects=objects, summary=summarise(objects, labels))


def test_outputs_are_named_after_the_image_and_nothing_else_is_left(files: OutputFiles, tmp_path: Path) -> None:
    stem = "Plätte 1_A02.v2"
    expected = [f"{stem}_labels.tif", f"{stem}_overlay.png", f"{stem}_objects.csv", f"{stem}_provenance.json"]
    assert [path.name for path in files.paths] == expected
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(expected)
    assert files.labels == tmp_path / f"{stem}_labels.tif"


def test_a_task_chooses_its_files(tmp_path: Path, image: Image, segmentation: Segmentation) -> None:
    choice = OutputChoice(overlay=False, csv=False, geojson=True)
    files = write_outputs(tmp_path, image, segmentation, {}, choice)
    assert [path.name.rpartition("_")[2] for path in files.paths] == [
        "labels.tif",
        "objects.geojson",
        "provenance.json",
    ]
    assert files.geojson is not None
    assert len(json.loads(files.geojson.read_bytes())["features"]) == segmentation.count
    listed = json.loads(files.provenance.read_bytes())["outputs"]
    assert [entry["name"] for entry in listed] == [path.name for path in files.paths[:-1]]


def test_labels_read_back_equal_with_the_pixel_size(files: OutputFiles, segmentation: Segmentation) -> None:
    mask = tifffile.imread(files.labels)
    np.testing.assert_array_equal(mask, segmentation.labels)
    assert mask.dtype == np.uint16
    assert read_image(files.labels).pixel_size_um == pytest.approx(0.65)


def test_labels_are_laid_out_so_that_imagej_opens_them_with_their_scale(files: OutputFiles) -> None:
    with tifffile.TiffFile(files.labels) as tif:
        page = tif.pages.first
        assert page.compression == tifffile.COMPRESSION.ADOBE_DEFLATE
        assert (page.is_tiled, page.predictor) == (False, tifffile.PREDICTOR.NONE)
        assert page.get_resolution("MICROMETER") == pytest.approx((1 / 0.65, 1 / 0.65), rel=1e-4)


def test_the_ome_xml_names_image_and_pixel_size(files: OutputFiles) -> None:
    with tifffile.TiffFile(files.labels) as tif:
        parsed = tifffile.xml2dict(tif.ome_metadata)["OME"]["Image"]
    pixels = parsed["Pixels"]
    assert parsed["Name"] == "Plätte 1_A02.v2.tif"
    assert (pixels["SizeX"], pixels["SizeY"], pixels["Type"]) == (400, 300, "uint16")
    assert (pixels["PhysicalSizeX"], pixels["PhysicalSizeY"]) == (0.65, 0.65)
    assert (pixels["PhysicalSizeXUnit"], pixels["PhysicalSizeYUnit"]) == ("µm", "µm")


def test_the_ome_xml_follows_the_schema(files: OutputFiles) -> None:
    ome_types = pytest.importorskip("ome_types", reason="ome-types is an optional extra")
    told = ome_types.from_tiff(files.labels, validate=importlib.util.find_spec("lxml") is not None)
    (image,) = told.images
    assert image.name == "Plätte 1_A02.v2.tif"
    assert (image.pixels.physical_size_x, image.pixels.physical_size_x_unit.value) == (0.65, "µm")


def test_the_same_labels_give_the_same_bytes(image: Image, segmentation: Segmentation) -> None:
    first = as_ome_tiff(segmentation.labels, image)
    assert first == as_ome_tiff(segmentation.labels.copy(), image)
    assert first != as_ome_tiff(segmentation.labels[::-1], image)


def test_more_objects_than_16_bits_hold_take_32(tmp_path: Path, segmentation: Segmentation) -> None:
    labels = np.zeros((540, 540), np.int32)
    labels[::2, ::2] = np.arange(1, 270 * 270 + 1).reshape(270, 270)
    image = Image(np.zeros(labels.shape, np.uint8), None, "many.tif")
    files = write_outputs(tmp_path, image, _of(labels, image, segmentation), {}, OutputChoice(overlay=False))
    mask = tifffile.imread(files.labels)
    assert mask.dtype == np.uint32
    np.testing.assert_array_equal(mask, labels)
    assert files.objects is not None
    assert len(files.objects.read_bytes().splitlines()) == 270 * 270 + 1 > 70_000


def test_the_table_holds_every_object_and_units(files: OutputFiles, segmentation: Segmentation) -> None:
    assert files.objects is not None
    with files.objects.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == segmentation.count > 20
    columns = segmentation.objects.columns
    assert list(rows[0]) == list(columns)
    assert list(rows[0])[:7] == ["label", "x_px", "x_um", "y_px", "y_um", "area_px", "area_um2"]
    for name in ("area_px", "area_um2", "x_um", "mean_intensity", "integrated_above_background"):
        np.testing.assert_allclose([float(row[name]) for row in rows], columns[name], rtol=1e-6)


@pytest.mark.parametrize(
    ("labels", "count"),
    [
        (np.zeros((40, 50), np.int32), 0),
        (np.zeros((1, 1), np.int32), 0),
        (np.ones((1, 1), np.int32), 1),
        (np.ones((30, 20), np.int32), 1),
    ],
    ids=["nothing", "one pixel", "one pixel that is an object", "an object on all borders"],
)
@pytest.mark.parametrize("kind", [np.uint16, np.float32])
def test_the_smallest_and_emptiest_images_get_all_files(
    tmp_path: Path, segmentation: Segmentation, labels: NDArray[np.int32], count: int, kind: type
) -> None:
    image = Image(np.full(labels.shape, 200, kind), None, "blank.png")
    files = write_outputs(tmp_path, image, _of(labels, image, segmentation), {}, OutputChoice(geojson=True))
    assert len(files.paths) == 5
    assert files.objects is not None
    lines = files.objects.read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith("label,x_px,y_px,area_px")
    assert len(lines) == 1 + count
    assert "nan" not in "".join(lines)
    np.testing.assert_array_equal(tifffile.imread(files.labels), labels)


def test_the_overlay_is_a_picture_in_colour(files: OutputFiles) -> None:
    overlay = cv2.imdecode(np.fromfile(str(files.overlay), np.uint8), cv2.IMREAD_UNCHANGED)
    assert overlay is not None
    assert overlay.shape == (600, 800, 3)  # twice as large, so that words can be read
    assert (overlay.max(axis=-1) > overlay.min(axis=-1)).any()


def test_the_provenance_is_what_the_caller_said_and_lists_the_other_files_by_digest(files: OutputFiles) -> None:
    told = json.loads(files.provenance.read_text(encoding="utf-8"))
    listed = {entry["name"]: entry["sha256"] for entry in told.pop("outputs")}
    image = {"name": "Plätte 1_A02.v2.tif", "width_px": 400, "height_px": 300, "pixel_size_um": 0.65}
    assert told == {"job": "7", "model": "discs 1.0.0", "image": image}
    assert listed == {path.name: digest_file(path)[0] for path in files.paths[:-1]}


@pytest.mark.parametrize("source", ["細胞 №1 µ.tif", "=cmd|' !A0.tif", ".tif", "a", "a_labels.tif", "a\x01\udce4.tif"])
def test_any_name_gives_files_of_different_names_that_can_be_read(
    tmp_path: Path, segmentation: Segmentation, source: str
) -> None:
    image = Image(np.zeros((8, 9), np.uint8), None, source)
    found = _of(np.ones((8, 9), np.int32), image, segmentation)
    files = write_outputs(tmp_path, image, found, {}, OutputChoice(geojson=True))
    assert len({path.name.casefold() for path in files.paths} | {source.casefold()}) == 6
    assert json.loads(files.provenance.read_bytes())["image"]["name"] == source
    with tifffile.TiffFile(files.labels) as tif:
        named = tifffile.xml2dict(tif.ome_metadata)["OME"]["Image"]["Name"]
    assert str(named) == source.replace("\x01", "_").replace("\udce4", "_")


def test_parquet_holds_the_same_table_with_its_types(tmp_path: Path, image: Image, segmentation: Segmentation) -> None:
    pytest.importorskip("pyarrow", reason="pyarrow is an optional extra")
    parquet = importlib.import_module("pyarrow.parquet")
    files = write_outputs(tmp_path, image, segmentation, {}, OutputChoice(parquet=True))
    assert files.objects is not None
    assert files.parquet is not None
    table = parquet.read_table(io.BytesIO(files.parquet.read_bytes()))
    assert table.column_names == list(segmentation.objects.columns)
    for name, values in segmentation.objects.columns.items():
        np.testing.assert_array_equal(table[name].to_numpy(), values)
    assert table.schema.metadata[b"pixel_size_um"] == b"0.65"
    assert table.schema.metadata[b"source"].decode() == image.source


def test_parquet_without_its_library_says_what_to_install_and_writes_nothing(
    tmp_path: Path, image: Image, segmentation: Segmentation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(TableNeedsExtra) as raised:
        write_outputs(tmp_path, image, segmentation, {}, OutputChoice(parquet=True))
    assert "labrelay[parquet]" in raised.value.next_step
    assert not list(tmp_path.iterdir())


def test_a_write_that_fails_leaves_the_former_file_and_no_other(tmp_path: Path) -> None:
    path = tmp_path / "a_provenance.json"
    publish_bytes(as_json({"job": "1"}), path, durable=False)
    with pytest.raises(ValueError, match="JSON"):
        publish_bytes(as_json({"job": float("nan")}), path, durable=False)
    labels = tmp_path / "a_labels.tif"
    labels.mkdir()
    with pytest.raises(OSError, match="a_labels"):
        publish_bytes(b"mask", labels, durable=False)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a_labels.tif", "a_provenance.json"]
    assert json.loads(path.read_text(encoding="utf-8")) == {"job": "1"}
