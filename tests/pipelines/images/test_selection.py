"""Channel, z and time of a file: which plane a task gets, and what it is told when there is none."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray

from pipelines.images.errors import PlaneNotFound
from pipelines.images.reader import TakenPlane, read_image
from pipelines.images.stack import Selection
from tests.pipelines.images.made import stk

Stack = NDArray[np.uint16]


@pytest.fixture
def stack() -> Stack:
    """Time, z, channel, y, x; every plane differs."""
    return np.random.default_rng(0).integers(0, 4096, (2, 3, 4, 20, 30)).astype(np.uint16)


@pytest.fixture(params=["ome", "imagej"])
def path(request: pytest.FixtureRequest, tmp_path: Path, stack: Stack) -> Path:
    names = ["DAPI", "FITC (525)", "Cy3", "Cy5"]
    metadata: dict[str, Any] = {"axes": "TZCYX"}
    if request.param == "ome":
        metadata["Channel"] = {"Name": names}
    else:
        metadata["Labels"] = [f"c:{c + 1}/4 z:{z + 1}/3 - {names[c]}" for _ in "tt" for z in range(3) for c in range(4)]
    tifffile.imwrite(tmp_path / "stack.tif", stack, **{request.param: True}, metadata=metadata)
    return tmp_path / "stack.tif"


def test_without_a_choice_it_is_the_first_channel_and_time_and_the_brightest_of_all_z(path: Path, stack: Stack) -> None:
    image = read_image(path)
    np.testing.assert_array_equal(image.pixels, stack[0, :, 0].max(axis=0))
    assert image.plane == TakenPlane(0, "DAPI", 4, None, 3, 0, 2, "max")


@pytest.mark.parametrize(
    ("selection", "place"),
    [
        (Selection(channel=2, z=1, time=1), (1, 1, 2)),
        (Selection(channel=3, z="middle"), (0, 1, 3)),
        (Selection(channel="dapi", z=2), (0, 2, 0)),
        (Selection(channel="cy5", z=0), (0, 0, 3)),
        (Selection(channel="fitc", z=0), (0, 0, 1)),  # part of a name
        (Selection(z=0, time=1), (1, 0, 0)),
    ],
)
def test_channel_z_and_time_are_taken_as_chosen(
    path: Path, stack: Stack, selection: Selection, place: tuple[int, int, int]
) -> None:
    image = read_image(path, selection)
    np.testing.assert_array_equal(image.pixels, stack[place])
    assert (image.plane.time, image.plane.z, image.plane.channel) == place
    assert image.plane.z_count == 3


@pytest.mark.parametrize(
    ("selection", "cause"),
    [
        (Selection(channel=4), r"no channel 4: it has channel 0 'DAPI', 1 'FITC \(525\)', 2 'Cy3', 3 'Cy5'; z 0 to 2"),
        (Selection(z=3), "no z 3"),
        (Selection(time=2), "no time 2: .* time 0 to 1"),
        (Selection(channel="GFP"), "no single channel named 'GFP'"),
        (Selection(channel="Cy"), "no single channel named 'Cy'"),
    ],
)
def test_a_choice_that_the_file_lacks_is_refused_and_told_what_there_is(
    path: Path, selection: Selection, cause: str
) -> None:
    with pytest.raises(PlaneNotFound, match=cause) as caught:
        read_image(path, selection)
    assert "task's parameters" in caught.value.next_step


def test_focus_takes_the_sharpest_plane(tmp_path: Path) -> None:
    sharp = np.zeros((80, 80), np.uint16)
    cv2.circle(sharp, (40, 40), 15, 3000, -1)
    planes = [cv2.GaussianBlur(sharp, (0, 0), blur) for blur in (8.0, 4.0, 1.0, 6.0)]
    tifffile.imwrite(tmp_path / "a.tif", np.stack(planes), imagej=True, metadata={"axes": "ZYX"})
    image = read_image(tmp_path / "a.tif", Selection(z="focus"))
    np.testing.assert_array_equal(image.pixels, planes[2])
    assert (image.plane.z, image.plane.projection) == (2, None)


def test_pages_of_unknown_meaning_are_channels_unless_z_or_time_is_asked_for(tmp_path: Path, stack: Stack) -> None:
    pages = stack[0, :, 0]
    tifffile.imwrite(tmp_path / "a.tif", pages, photometric="minisblack", metadata=None)
    np.testing.assert_array_equal(read_image(tmp_path / "a.tif").pixels, pages[0])
    np.testing.assert_array_equal(read_image(tmp_path / "a.tif", Selection(channel=1)).pixels, pages[1])
    np.testing.assert_array_equal(read_image(tmp_path / "a.tif", Selection(z="max")).pixels, pages.max(axis=0))
    np.testing.assert_array_equal(read_image(tmp_path / "a.tif", Selection(time=2)).pixels, pages[2])
    with pytest.raises(PlaneNotFound, match="channel 0, 1, 2"):
        read_image(tmp_path / "a.tif", Selection(channel=3))


def test_a_metamorph_stack_has_its_planes_behind_one_page(tmp_path: Path, stack: Stack) -> None:
    planes = stack[0, :, 0]
    (tmp_path / "a.stk").write_bytes(stk(planes))
    np.testing.assert_array_equal(read_image(tmp_path / "a.stk", Selection(z=1)).pixels, planes[1])
    image = read_image(tmp_path / "a.stk")
    np.testing.assert_array_equal(image.pixels, planes.max(axis=0))
    assert image.pixel_size_um == pytest.approx(0.645)


_SET = """<?xml version="1.0"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06" UUID="urn:uuid:{own}">
<Image ID="Image:0"><Pixels ID="Pixels:0" DimensionOrder="XYZCT" Type="uint16" SizeX="30" SizeY="20" SizeZ="2" SizeC="2"
SizeT="1" PhysicalSizeX="325" PhysicalSizeXUnit="nm" PhysicalSizeY="0.325"><Channel ID="Channel:0:0" Name="DAPI"/>
<Channel ID="Channel:0:1" Name="FITC"/>
<TiffData IFD="0" FirstC="0" FirstZ="0" PlaneCount="2"><UUID FileName="c0.ome.tif">urn:uuid:0</UUID></TiffData>
<TiffData IFD="0" FirstC="1" FirstZ="0" PlaneCount="2"><UUID FileName="c1.ome.tif">urn:uuid:1</UUID></TiffData>
</Pixels></Image></OME>"""


def test_a_file_of_an_ome_set_gives_its_own_planes_under_the_numbers_of_the_set(tmp_path: Path, stack: Stack) -> None:
    planes = stack[0, :2, 1]
    tifffile.imwrite(tmp_path / "c1.ome.tif", planes, description=_SET.format(own=1), metadata=None)
    image = read_image(tmp_path / "c1.ome.tif")
    np.testing.assert_array_equal(image.pixels, planes.max(axis=0))
    assert (image.plane.channel, image.plane.channel_name) == (1, "FITC")
    assert image.pixel_size_um == pytest.approx(0.325)
    assert read_image(tmp_path / "c1.ome.tif", Selection(channel=1, z=1)).plane.z == 1
    with pytest.raises(PlaneNotFound, match="channel 1 'FITC'; z 0 to 1"):
        read_image(tmp_path / "c1.ome.tif", Selection(channel=0))


def test_colour_pages_of_an_ome_stack_are_one_channel_each(tmp_path: Path) -> None:
    rgb = np.random.default_rng(0).integers(0, 255, (2, 20, 30, 3)).astype(np.uint8)
    tifffile.imwrite(tmp_path / "a.tif", rgb, ome=True, photometric="rgb", metadata={"axes": "ZYXS"})
    np.testing.assert_array_equal(read_image(tmp_path / "a.tif", Selection(channel=2, z=1)).pixels, rgb[1, ..., 2])
