"""Images posted to the service: what is answered, and what is refused with which status and reason."""

import base64
import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.testclient import TestClient

from labrelay.settings import Settings
from labrelay.settings.pipelines import Pipelines
from pipelines.counting.desk import Desk
from pipelines.counting.kind import Kind
from pipelines.counting.station import WORKER, Station
from tests.pipelines.counting.conftest import Field
from tests.polling import until

MOST: Final = 1_000_000
SIZE: Final = {"diameter_px": "24"}


@pytest.fixture(scope="session")
def station(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Station]:
    """A station that takes no launches."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(WORKER, "off")
        station = Station(Kind("discs", "Discs", "", model), Settings(data=tmp_path_factory.mktemp("data")))
        station.start()
        until(lambda: station.trouble is None)
    # Outside of the patch: other tests of this session start services of their own, which do take launches.
    yield station
    station.stop()


def client_of(station: Station) -> TestClient:
    desk = Desk(station, Pipelines(max_image_bytes=MOST))
    calls = {"/segment": desk.segment, "/mask": desk.mask}
    return TestClient(Starlette(routes=[Route(path, call, methods=["POST"]) for path, call in calls.items()]))


@pytest.fixture(scope="session")
def client(station: Station) -> TestClient:
    return client_of(station)


def form(content: bytes, name: str = "B02-s1.tif") -> dict[str, Any]:
    return {"files": {"image": (name, content, "image/tiff")}}


def tiff(pixels: NDArray[Any]) -> bytes:
    file = io.BytesIO()
    tifffile.imwrite(file, pixels)
    return file.getvalue()


def claiming(edge: int) -> bytes:
    """A small TIFF whose header claims another size."""
    file = io.BytesIO(tiff(np.zeros((64, 64), np.uint16)))
    with tifffile.TiffFile(file, mode="r+b") as tif:
        tif.pages[0].tags["ImageWidth"].overwrite(edge)
        tif.pages[0].tags["ImageLength"].overwrite(edge)
    return file.getvalue()


def test_numbers_objects_scale_and_model_are_told(client: TestClient, discs: Field) -> None:
    told = client.post("/segment", **form(discs.path.read_bytes()), data=SIZE).json()
    assert (told["count"], told["results"]) == (discs.count, f"CellCount, {discs.count}")
    assert told["measurements"]["count"] == discs.count
    assert told["scale"]["source"] == "given"
    assert told["parameters"] == SIZE
    assert told["model"]["name"] == "discs"
    assert {len(column) for column in told["objects"].values()} == {discs.count}
    assert {"label", "y_px", "x_px", "area_px", "equivalent_diameter_px", "mean_intensity"} <= set(told["objects"])
    assert "mask" not in told


def test_units_come_with_the_pixel_size(client: TestClient, discs: Field) -> None:
    told = client.post("/segment", **form(discs.path.read_bytes()), data=SIZE | {"pixel_size_um": "0.5"}).json()
    areas = told["objects"]["area_um2"]
    assert areas == pytest.approx([area / 4 for area in told["objects"]["area_px"]])
    assert told["pixel_size_um"] == 0.5


def test_a_bare_body_counts_like_a_form(client: TestClient, discs: Field) -> None:
    content = discs.path.read_bytes()
    in_form = client.post("/segment", **form(content), data=SIZE).json()
    for headers in ({"Content-Type": "image/tiff"}, {"Content-Type": "application/octet-stream"}, {}):
        bare = client.post("/segment", content=content, params=SIZE, headers=headers).json()
        assert bare["objects"] == in_form["objects"]


def test_objects_are_left_out_and_the_mask_comes_along_on_request(client: TestClient, discs: Field) -> None:
    sent = form(discs.path.read_bytes())
    told = client.post("/segment", **sent, data=SIZE | {"objects": "false", "mask": "true"}).json()
    assert "objects" not in told
    assert told["mask"]["name"] == "B02-s1_labels.tif"
    labels = tifffile.imread(io.BytesIO(base64.b64decode(told["mask"]["base64"])))
    assert labels.max() == discs.count
    alone = client.post("/mask", **sent, data=SIZE)
    assert (alone.headers["content-type"], alone.headers["x-count"]) == ("image/tiff", str(discs.count))
    assert np.array_equal(tifffile.imread(io.BytesIO(alone.content)), labels)


def test_the_same_image_gives_the_same_bytes_twice(client: TestClient, discs: Field) -> None:
    sent = form(discs.path.read_bytes())
    first, second = (client.post("/segment", **sent, data={"mask": "true"}).json() for _ in range(2))
    assert {**first, "seconds": 0} == {**second, "seconds": 0}


def test_fields_may_be_written_as_json(client: TestClient, discs: Field) -> None:
    fields = {"diameter_px": "24", "channel": json.dumps("0"), "z": json.dumps(None), "objects": json.dumps(False)}
    answer = client.post("/segment", **form(discs.path.read_bytes()), data=fields)
    assert answer.json()["count"] == discs.count, answer.text


GOOD: Final = tiff(np.full((64, 64), 100, np.uint16))
REFUSED: Final[dict[str, tuple[int, str, dict[str, Any]]]] = {
    "a form without an image": (400, "post_malformed", {"files": {"picture": ("a.tif", GOOD)}}),
    "two images": (400, "post_malformed", {"files": [("image", ("a.tif", GOOD)), ("image", ("b.tif", GOOD))]}),
    "a URL for an image": (400, "post_malformed", {"data": {"image": "http://127.0.0.1:9/a.tif"}, "files": {"x": b""}}),
    "a torn form": (400, "post_malformed", {"content": b"--x", "headers": {"Content-Type": "multipart/form-data"}}),
    "JSON": (415, "post_form", {"json": {"image": "/etc/hostname"}}),
    "a web form": (415, "post_form", {"data": {"image": "a.tif"}}),
    "too many bytes": (413, "post_too_large", form(bytes(MOST + 1))),
    "too many bytes, unannounced": (413, "post_too_large", {"content": iter([bytes(MOST // 2)] * 3)}),
    "more pixels than the limit": (413, "image_too_large", form(claiming(40_000))),
    "an unknown parameter": (422, "parameter_invalid", {**form(GOOD), "data": {"diametre_px": "24"}}),
    "no diameter": (422, "parameter_invalid", {**form(GOOD), "data": {"diameter_px": "-1"}}),
    "neither yes nor no": (422, "parameter_invalid", {**form(GOOD), "data": {"mask": "maybe"}}),
    "no such channel": (422, "plane_not_found", {**form(GOOD), "data": {"channel": "7"}}),
    "text": (422, "image_unreadable", form(b"this is no image")),
    "nothing": (422, "image_unreadable", {"content": b"", "headers": {"Content-Type": "image/tiff"}}),
    "cut off": (422, "image_unreadable", form(GOOD[: len(GOOD) // 2])),
    "NaN": (422, "image_not_supported", form(tiff(np.full((64, 64), np.nan, np.float32)))),
}


@pytest.mark.parametrize(("status", "code", "sent"), REFUSED.values(), ids=REFUSED)
def test_what_makes_no_sense_is_refused_with_the_reason(
    client: TestClient, status: int, code: str, sent: dict[str, Any]
) -> None:
    answer = client.post("/segment", **sent)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert answer.json()["cause"]
    assert answer.json()["next_step"]
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_mask_is_refused_in_the_same_way(client: TestClient) -> None:
    assert client.post("/mask", **form(b"this is no image")).json()["code"] == "image_unreadable"
    assert client.post("/mask", **form(GOOD), data={"objects": "false"}).json()["code"] == "parameter_invalid"


ODD: Final[dict[str, NDArray[Any]]] = {
    "all zero": np.zeros((96, 96), np.uint16),
    "all saturated": np.full((96, 96), 65_535, np.uint16),
    "one pixel": np.full((1, 1), 7, np.uint8),
}


@pytest.mark.parametrize("pixels", ODD.values(), ids=ODD)
def test_an_image_without_objects_has_none_and_is_flagged(client: TestClient, pixels: NDArray[Any]) -> None:
    told = client.post("/segment", **form(tiff(pixels))).json()
    assert told["count"] == 0
    assert told["flags"]


def test_names_that_lead_elsewhere_stay_in_their_folder(client: TestClient, discs: Field, tmp_path: Path) -> None:
    content = discs.path.read_bytes()
    for name in ("../../up.tif", "/etc/a.tif", "..\\b.tif", "", "n" * 400 + ".tif"):
        told = client.post("/segment", content=content, params={**SIZE, "name": name, "mask": "true"}).json()
        assert told["count"] == discs.count
        assert "/" not in told["mask"]["name"]


@pytest.fixture
def waiting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Path], Station]]:
    """Makes stations that look at their package every 50 ms."""
    monkeypatch.setenv(WORKER, "off")
    monkeypatch.setattr("pipelines.counting.station.AGAIN_S", 0.05)
    made: list[Station] = []

    def make(folder: Path) -> Station:
        made.append(Station(Kind("mine", "Mine", "", folder), Settings(data=tmp_path / "data")))
        made[0].start()
        return made[0]

    yield make
    for station in made:
        station.stop()


def test_until_the_model_is_compiled_everything_says_so(model: Path, tmp_path: Path) -> None:
    station = Station(Kind("mine", "Mine", "", model), Settings(data=tmp_path / "data"))
    answer = client_of(station).post("/segment", **form(GOOD))
    assert (answer.status_code, answer.json()["code"]) == (503, "service_unavailable")
    assert "being compiled" in answer.json()["cause"]
    assert answer.headers["retry-after"]


def test_a_package_that_is_no_good_gives_its_reason_and_is_taken_once_it_is_right(
    waiting: Callable[[Path], Station], model: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "package"
    folder.mkdir()
    (folder / "model.toml").write_text('name = "half"')
    station = waiting(folder)
    until(lambda: "wrong" in station.trouble.cause if station.trouble else True)
    answer = client_of(station).post("/segment", **form(GOOD))
    assert (answer.status_code, answer.json()["code"]) == (503, "model_package_invalid")
    assert "model.toml" in answer.json()["cause"]
    for file in model.iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    until(lambda: station.trouble is None)
    assert client_of(station).post("/segment", **form(GOOD)).status_code == 200


def test_a_folder_that_cannot_be_written_is_said_and_the_model_taken_once_it_can(
    waiting: Callable[[Path], Station], model: Path, tmp_path: Path
) -> None:
    stands_there = Settings(data=tmp_path / "data").gateway_layout.model_cache
    stands_there.parent.mkdir(parents=True)
    stands_there.write_text("a file where the folder of compiled models should be")
    station = waiting(model)
    until(lambda: "can't be loaded" in station.trouble.cause if station.trouble else True)
    answer = client_of(station).post("/segment", **form(GOOD))
    assert (answer.status_code, stands_there.name in answer.json()["cause"]) == (503, True)
    stands_there.unlink()
    until(lambda: station.trouble is None)
