"""Formats of microscope makers: read with the extra, and without it refused by name."""

import struct
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from pipelines.images.errors import FormatNeedsExtra, ImageTooLarge, ImageUnreadable, PlaneNotFound
from pipelines.images.reader import read_image
from pipelines.images.stack import Selection

HEADS = {
    "Zeiss CZI": b"ZISRAWFILE" + bytes(600),
    "Leica LIF": struct.pack("<IIBI", 0x70, 5, 0x2A, 0) + bytes(600),
    "Nikon ND2": b"\xda\xce\xbe\x0a" + bytes(600),
}
Stack = NDArray[np.uint16]


@pytest.fixture
def stack() -> Stack:
    """Channel, z, y, x."""
    return np.random.default_rng(0).integers(0, 4096, (2, 3, 40, 50)).astype(np.uint16)


@pytest.mark.parametrize("what", HEADS)
def test_without_the_extra_the_refusal_names_format_and_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    for name in ("bioio", "pylibCZIrw", "pylibCZIrw.czi"):
        monkeypatch.setitem(sys.modules, name, None)  # Python's own way to say that there is no such module
    (tmp_path / "a.tif").write_bytes(HEADS[what])
    with pytest.raises(FormatNeedsExtra, match=rf"is a {what} file.*labrelay\[formats\]") as caught:
        read_image(tmp_path / "a.tif")
    assert caught.value.code == "format_needs_extra"
    assert "pip install 'labrelay[formats]'" in caught.value.next_step


@pytest.mark.parametrize("what", HEADS)
def test_a_damaged_file_is_refused(tmp_path: Path, what: str) -> None:
    _with_extra()
    (tmp_path / "a").write_bytes(HEADS[what])
    with pytest.raises(ImageUnreadable):
        read_image(tmp_path / "a")


def _with_extra() -> Any:
    for name in ("bioio", "bioio_lif", "bioio_nd2"):
        pytest.importorskip(name, reason="reading LIF and ND2 is an optional extra: pip install labrelay[formats]")
    return pytest.importorskip(
        "pylibCZIrw.czi", reason="reading CZI is an optional extra: pip install labrelay[formats]"
    )


def _czi(path: Path, stack: Stack) -> None:
    with _with_extra().create_czi(str(path)) as document:
        for channel, z in np.ndindex(*stack.shape[:2]):
            plane = {"C": channel, "Z": z, "T": 0}
            document.write(data=stack[channel, z], plane=plane, location=(10, 20))
        names = {0: "DAPI", 1: "FITC"}
        document.write_metadata("made", channel_names=names, scale_x=0.65e-6, scale_y=0.65e-6, scale_z=1e-6)


_LIF = """<LMSDataContainerHeader Version="2"><Element Name="made" UniqueID="0"><Children>
<Element Name="Series" UniqueID="1"><Data><Image TextDescription=""><ImageDescription><Channels>
<ChannelDescription DataType="0" ChannelTag="0" Resolution="16" NameOfMeasuredQuantity="" Min="0" Max="65535" Unit=""
 LUTName="Blue" IsLUTInverted="0" BytesInc="0" BitInc="0"/>
<ChannelDescription DataType="0" ChannelTag="0" Resolution="16" NameOfMeasuredQuantity="" Min="0" Max="65535" Unit=""
 LUTName="Green" IsLUTInverted="0" BytesInc="{plane}" BitInc="0"/>
</Channels><Dimensions>
<DimensionDescription DimID="1" NumberOfElements="{x}" Origin="0" Length="{length_x}" Unit="m" BitInc="0" BytesInc="2"/>
<DimensionDescription DimID="2" NumberOfElements="{y}" Origin="0" Length="{length_y}" Unit="m" BitInc="0"
 BytesInc="{row}"/>
<DimensionDescription DimID="3" NumberOfElements="{z}" Origin="0" Length="2e-6" Unit="m" BitInc="0" BytesInc="{both}"/>
</Dimensions></ImageDescription></Image></Data><Memory Size="{size}" MemoryBlockID="MemBlock_1"/></Element>
</Children></Element></LMSDataContainerHeader>"""


def _lif(path: Path, stack: Stack) -> None:
    """Leica's container: XML in UTF-16 in a block, then each image in a block of its own; z outside, channel inside."""
    _with_extra()
    channels, z, y, x = stack.shape
    data = np.ascontiguousarray(stack.swapaxes(0, 1)).tobytes()
    plane = y * x * 2
    sizes = {"x": x, "y": y, "z": z, "row": x * 2, "plane": plane, "both": plane * channels, "size": len(data)}
    lengths = {"length_x": 0.65e-6 * (x - 1), "length_y": 0.65e-6 * (y - 1)}
    xml = _LIF.format(**sizes, **lengths).encode("utf-16-le")
    head = struct.pack("<IIBI", 0x70, len(xml) + 5, 0x2A, len(xml) // 2) + xml
    name = "MemBlock_1".encode("utf-16-le")
    block = struct.pack("<IIBQBI", 0x70, 14 + len(name), 0x2A, len(data), 0x2A, len(name) // 2) + name
    path.write_bytes(head + block + data)


@pytest.mark.parametrize("write", [_czi, _lif])
def test_planes_pixel_size_and_channels_are_read(tmp_path: Path, stack: Stack, write: Any) -> None:
    path = tmp_path / "made.bin"  # the content decides, not the ending
    write(path, stack)
    image = read_image(path)
    np.testing.assert_array_equal(image.pixels, stack[0].max(axis=0))
    assert image.pixel_size_um == pytest.approx(0.65, rel=1e-3)
    assert (image.plane.z_count, image.plane.projection) == (3, "max")
    np.testing.assert_array_equal(read_image(path, Selection(channel=1, z=2)).pixels, stack[1, 2])
    with pytest.raises(PlaneNotFound, match="z 0 to 2"):
        read_image(path, Selection(z=3))
    with pytest.raises(ImageTooLarge):
        read_image(path, max_pixels=100)


def test_channels_of_czi_are_found_by_name(tmp_path: Path, stack: Stack) -> None:
    _czi(tmp_path / "a.czi", stack)
    image = read_image(tmp_path / "a.czi", Selection(channel="fitc", z=0))
    np.testing.assert_array_equal(image.pixels, stack[1, 0])
    assert image.plane.channel_name == "FITC"


@pytest.mark.parametrize("write", [_czi, _lif])
@pytest.mark.parametrize("share", [0.05, 0.4, 0.9])
def test_a_file_that_was_cut_off_is_refused(tmp_path: Path, stack: Stack, write: Any, share: float) -> None:
    write(tmp_path / "a", stack)
    whole = (tmp_path / "a").read_bytes()
    (tmp_path / "a").write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(ImageUnreadable):
        read_image(tmp_path / "a")
