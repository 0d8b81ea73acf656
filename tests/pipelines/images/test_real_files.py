"""All files of the project's own collection of instrument files: each is read, or is a sidecar and refused as one."""

from pathlib import Path

import pytest

from pipelines.images.errors import ImageUnreadable
from pipelines.images.reader import read_image

FORMATS = Path(__file__).parents[4] / "shared" / "data" / "formats"
IMAGES = (".tif", ".tiff", ".png")

pytestmark = pytest.mark.skipif(
    not FORMATS.exists(), reason="the project's own collection of instrument files isn't here"
)


@pytest.mark.parametrize(
    ("pattern", "size", "channel"),
    [
        ("metamorph_tif_bbbc039/*.tif", 0.645, None),
        ("metamorph_nikon_tif/MetamorphImage.tif", 0.645, None),
        ("imagexpress_singlechannel/**/*_s1E94*.tif", 1.3668, "FITC_05"),
        ("imagexpress_exported_plate9987/**/*_w1.TIF", 1.3672, "DAPI"),
        ("imagexpress_exported_plate9987/**/*_w2.TIF", 1.3672, "FITC"),
        ("intensity_edge_cases/xy_16bit_calibrated__nuclei_various_shapes.tif", 0.2, None),
        ("intensity_edge_cases/xy_16bit__nuclei_with_background.tif", 0.32, None),
        ("operetta_harmony/Images/*.tiff", None, None),
        ("yokogawa_cv8000/**/*_D08_*.tif", None, None),
    ],
)
def test_real_instrument_files_give_their_calibration(pattern: str, size: float | None, channel: str | None) -> None:
    image = read_image(next(FORMATS.glob(pattern)))
    assert image.pixel_size_um == (None if size is None else pytest.approx(size, rel=1e-3))
    assert image.plane.channel_name == channel


def test_every_real_instrument_image_reads() -> None:
    files = [path for path in FORMATS.rglob("*") if path.suffix.lower() in IMAGES]
    assert len(files) > 150
    for path in files:
        assert read_image(path).pixels.ndim == 2, path


def test_every_other_file_is_refused_as_no_image() -> None:
    for path in FORMATS.rglob("*"):
        if path.is_file() and path.suffix.lower() not in IMAGES:
            with pytest.raises(ImageUnreadable, match=r"no image|no TIFF"):
                read_image(path)
