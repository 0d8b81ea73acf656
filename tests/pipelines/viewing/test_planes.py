"""What viewers get is what lies in the file: samples to the last bit, in pieces that stay bounded."""

import gzip
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from labrelay.contracts.planes import KIND, MOST_SAMPLES, SIZE
from pipelines.viewing.decoder import Decoder
from pipelines.viewing.errors import DecodingFailed
from tests.pipelines.viewing.conftest import Bench

RANDOM = np.random.default_rng(6)
PICTURE = RANDOM.integers(0, 4096, (2, 61, 90), dtype=np.uint16)
LABELS = np.zeros((61, 90), np.uint16)
LABELS[4:20, 5:25], LABELS[30:50, 40:70] = 1, 2
TABLE = b"label,area_px,note\n1,320,\n2,600,=1+1\n"
OME: dict[str, Any] = {
    "ome": True,
    "metadata": {"axes": "CYX", "Channel": {"Name": ["DAPI", "GFP"]}, "PhysicalSizeX": 0.5, "PhysicalSizeY": 0.5},
}


@pytest.fixture(scope="module")
def job(bench: Bench) -> str:
    outputs = {"1_labels.tif": bench.tiff(LABELS), "1_objects.csv": TABLE}
    return bench.job(bench.tiff(PICTURE, **OME), outputs)


def samples(answer: Any) -> NDArray[Any]:
    assert answer.status_code == 200, answer.text
    width, height = (int(each) for each in answer.headers[SIZE].split("x"))
    return np.frombuffer(answer.content, answer.headers[KIND]).reshape(height, width)


def test_the_planes_are_told_with_names_sizes_and_scale(bench: Bench, job: str) -> None:
    told = bench.get(job, "planes").json()
    assert [(each["name"], each["width"], each["height"], each["dtype"]) for each in told["planes"]] == [
        ("DAPI", 90, 61, "uint16"),
        ("GFP", 90, 61, "uint16"),
    ]
    assert (told["pixel_size_um"], told["levels"]) == (0.5, 0)
    assert told["mask"] == {"width": 90, "height": 61, "dtype": "uint16", "highest": 2}


@pytest.mark.parametrize("number", [0, 1])
def test_samples_are_those_of_the_file(bench: Bench, job: str, number: int) -> None:
    assert np.array_equal(samples(bench.get(job, f"planes/{number}")), PICTURE[number])


def test_a_region_is_cut_out_and_ends_at_the_edge(bench: Bench, job: str) -> None:
    cut = samples(bench.get(job, "planes/0?region=80,50,40,40"))
    assert np.array_equal(cut, PICTURE[0, 50:, 80:])


def test_a_level_is_the_mean_of_its_pixels_and_labels_are_never_mixed(bench: Bench, job: str) -> None:
    halved = samples(bench.get(job, "planes/0?level=1"))
    means = PICTURE[0, :60, :90].reshape(30, 2, 45, 2).mean(axis=(1, 3))
    assert halved.shape == (30, 45)
    assert np.abs(halved - means).max() <= 0.5
    assert np.array_equal(samples(bench.get(job, "labels?level=1")), LABELS[1::2, 1::2][:30, :45])


def test_gzip_only_for_those_who_take_it(bench: Bench, job: str) -> None:
    plain = bench.get(job, "labels", headers={"Accept-Encoding": "identity"})
    packed = bench.get(job, "labels", headers={"Accept-Encoding": "gzip"})
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert plain.content == packed.content == LABELS.tobytes()


def test_the_same_samples_are_sent_once(bench: Bench, job: str) -> None:
    tags = [bench.get(job, what).headers["etag"] for what in ("planes/0", "planes/1", "labels", "labels?level=1")]
    assert len(set(tags)) == 4
    again = bench.get(job, "planes/0", headers={"If-None-Match": tags[0]})
    assert (again.status_code, again.content) == (304, b"")


def test_objects_come_column_by_column(bench: Bench, job: str) -> None:
    told = bench.get(job, "objects").json()
    assert (told["count"], told["name"]) == (2, "1_objects.csv")
    assert told["columns"] == {"label": [1, 2], "area_px": [320, 600], "note": [None, "=1+1"]}


def test_a_coloured_picture_has_three_planes(bench: Bench) -> None:
    colours = RANDOM.integers(0, 256, (20, 30, 3), dtype=np.uint8)
    job = bench.job(bench.tiff(colours, photometric="rgb"), {})
    told = bench.get(job, "planes").json()
    assert [(each["name"], each["dtype"]) for each in told["planes"]] == [
        (c, "uint8") for c in ("red", "green", "blue")
    ]
    assert np.array_equal(samples(bench.get(job, "planes/2")), colours[..., 2])


def test_a_large_plane_comes_halved_or_in_parts(bench: Bench) -> None:
    side = 3000
    job = bench.job(bench.tiff(np.zeros((side, side), np.uint8), compression="zlib"), {})
    assert bench.get(job, "planes").json()["levels"] == 1
    refused = bench.get(job, "planes/0")
    assert (refused.status_code, refused.json()["code"], refused.json()["level"]) == (413, "plane_too_large", 1)
    assert samples(bench.get(job, "planes/0?level=1")).size <= MOST_SAMPLES
    assert samples(bench.get(job, "planes/0?region=2900,0,200,50")).shape == (50, 100)


@pytest.mark.parametrize(
    ("make", "status", "code"),
    [
        (lambda bench: bench.tiff(PICTURE[0])[:3000], 422, "image_unreadable"),
        (lambda bench: b"", 422, "image_unreadable"),
        (lambda bench: b"<html>no image</html>", 422, "image_unreadable"),
        (lambda bench: bench.tiff(np.zeros((1, 1), np.uint8), shape=None)[:8], 422, "image_unreadable"),
    ],
)
def test_a_broken_image_is_told_in_words(bench: Bench, make: Callable[[Bench], bytes], status: int, code: str) -> None:
    job = bench.job(make(bench) or b"\0", {})
    answer = bench.get(job, "planes")
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.json()["next_step"]
    assert ".tif" in answer.json()["cause"]


def test_an_image_of_gigabytes_is_refused_before_memory_is_taken(bench: Bench) -> None:
    claimed = bytearray(bench.tiff(np.zeros((64, 64), np.uint16)))
    at = claimed.index((256).to_bytes(2, "little") + (4).to_bytes(2, "little"))
    claimed[at + 8 : at + 12] = (40_000).to_bytes(4, "little")
    at = claimed.index((257).to_bytes(2, "little") + (4).to_bytes(2, "little"))
    claimed[at + 8 : at + 12] = (40_000).to_bytes(4, "little")
    answer = bench.get(bench.job(bytes(claimed), {}), "planes")
    assert (answer.status_code, answer.json()["code"]) == (413, "image_too_large")


def test_an_image_that_retention_took_says_where_it_lies(bench: Bench) -> None:
    answer = bench.get(bench.job(b"gone", {}, keep=False), "planes")
    assert (answer.status_code, answer.json()["code"]) == (404, "image_not_here")
    assert "/data/" in answer.json()["cause"]
    assert "reader1" in answer.json()["cause"]


def test_a_mask_of_another_size_is_no_mask_of_this_image(bench: Bench) -> None:
    job = bench.job(bench.tiff(PICTURE[0]), {"9_labels.tif": bench.tiff(LABELS[:40])})
    told = bench.get(job, "planes").json()
    assert told["mask"] is None
    assert "90 × 40" in told["mask_trouble"]


@pytest.mark.parametrize("outputs", [{}, {"7_labels.tif": b"broken", "7_objects.csv": b"label\n1,2\n"}])
def test_without_a_mask_the_image_is_still_shown(bench: Bench, outputs: dict[str, bytes]) -> None:
    job = bench.job(bench.tiff(PICTURE[0] + np.uint16(len(outputs))), outputs)
    told = bench.get(job, "planes").json()
    assert (told["mask"], bool(told["mask_trouble"])) == (None, bool(outputs))
    assert bench.get(job, "objects").json()["code"] == "no_objects"


@pytest.mark.parametrize(
    "asked", ["planes/2", "planes/-1", "planes/0?level=13", "planes/0?region=1,2", "planes/0?region=90,0,1,1"]
)
def test_what_is_not_there_is_refused(bench: Bench, job: str, asked: str) -> None:
    assert bench.get(job, asked).status_code == 422


def test_a_reading_that_takes_too_long_is_ended_and_the_next_one_works(bench: Bench, job: str) -> None:
    decoder = Decoder(longest_s=0.01)
    begun = time.monotonic()
    with pytest.raises(DecodingFailed):
        decoder.ask("describe", files=[], parameters={})
    assert time.monotonic() - begun < 30
    decoder.close()
    assert bench.get(job, "planes").status_code == 200


def test_nothing_that_reads_images_is_loaded_into_the_service(bench: Bench) -> None:
    told = "import pipelines.registry.app, sys; print([m for m in ('cv2', 'numpy', 'tifffile') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", told], capture_output=True, text=True).stdout.strip() == "[]"


def test_answers_can_be_unpacked_by_anybody(bench: Bench, job: str) -> None:
    with bench.registry.stream("GET", f"/api/v2/jobs/{job}/planes/0", headers={"Accept-Encoding": "gzip"}) as answer:
        assert gzip.decompress(b"".join(answer.iter_raw())) == PICTURE[0].tobytes()
