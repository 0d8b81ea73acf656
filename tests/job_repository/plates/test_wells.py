"""Wells over HTTP: what maps are drawn from, from the record's documents, its index, and what people said."""

from typing import Any

from job_repository.jobs.steps import EditJob
from tests.job_repository.conftest import SEALED, report, take
from tests.job_repository.plates.test_plates import Reader, api, quick, reader  # noqa: F401 - fixtures


def wells(reader: Reader, **asked: Any) -> dict[str, Any]:  # noqa: F811
    answer = reader.api.get(f"/api/v2/plates/{reader.plate['id']}/wells", params=asked)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def well(found: dict[str, Any], name: str) -> dict[str, Any]:
    return next(each for each in found["wells"] if each["well"] == name)


def values(found: dict[str, Any], name: str) -> dict[str, float | None]:
    return dict(zip(found["measurements"], well(found, name)["values"], strict=True))


def map_of(reader: Reader) -> dict[str, Any]:  # noqa: F811
    answer = reader.api.get("/api/v2/plates/maps", params={"plate": reader.plate["id"]})
    (found,) = answer.json()["items"]
    return dict(found)


def test_counts_are_summed_and_the_rest_is_averaged_as_in_the_tables(reader: Reader) -> None:  # noqa: F811
    reader.count("A01_s1.tif", count=10, qc_focus=2.0)
    reader.count("A01_s2.tif", count=5, qc_focus=3.0)
    found = wells(reader)
    assert values(found, "A01") == {"count": 15, "qc_focus": 2.5}
    assert (found["rows"], found["columns"], found["per_well"], found["told_by"]) == (2, 3, 2, "wells")
    assert (well(found, "A01")["state"], well(found, "A01")["arrived"]) == ("done", 2)


def test_a_well_without_its_image_is_missing_before_the_plate_ends(reader: Reader) -> None:  # noqa: F811
    for name in ("A01", "A02", "A03", "B01", "B03", "C01", "C02", "C03", "D01"):
        reader.count(f"{name}_s1.tif", count=1)
    reader.arrive("D02_s1.tif")
    found = wells(reader)
    assert found["plate"]["state"] == "arriving"
    states = {each["well"]: each["state"] for each in found["wells"]}
    assert (states["B02"], states["D02"], states["D03"]) == ("missing", "waiting", "awaited")
    told = map_of(reader)
    assert (told["expected"], told["arrived"], told["done"], told["failed"]) == (12, 10, 9, 0)
    assert [told["states"][at * told["columns"] : at * told["columns"] + 3] for at in range(4)] == [
        "ddd",
        "dmd",
        "ddd",
        "dwa",
    ]


def test_only_what_changed_is_read_anew_and_nothing_is_shown_that_went(reader: Reader) -> None:  # noqa: F811
    reader.count("A01_s1.tif", count=10)
    first = reader.arrive("A02_s1.tif")
    before = wells(reader)
    reader.fail("A02_s1.tif")
    assert (well(before, "A02")["state"], well(wells(reader), "A02")["state"]) == ("waiting", "failed")
    reader.arrive("A02_s1.tif", "new", predecessor=first["capture_id"])
    assert (well(wells(reader), "A02")["state"], well(wells(reader), "A02")["arrived"]) == ("waiting", 1)
    elsewhere = EditJob(actor="tester", attributes={"plate": "elsewhere", "well": "A01"})
    reader.api.app.state.repository.jobs.step(reader.jobs["A01_s1.tif"][0], elsewhere)  # type: ignore[attr-defined]
    assert [each["well"] for each in wells(reader)["wells"]] == ["A02"]


def test_two_time_points_are_two_pictures_and_the_last_is_shown(reader: Reader) -> None:  # noqa: F811
    for time, count in ((1, 10), (2, 30)):
        reader.arrive(f"A01_t{time}.tif", time=time)
        reader.work(reader.jobs[f"A01_t{time}.tif"][0], count=count)
    found = wells(reader)
    assert (found["slices"], found["slice"], values(found, "A01")) == (
        {"time": ["1", "2"]},
        {"time": "2"},
        {"count": 30},
    )
    assert values(wells(reader, time="1"), "A01") == {"count": 10}


def test_what_people_rejected_counts_in_no_value(reader: Reader) -> None:  # noqa: F811
    reader.returns = "none"
    reader.arrive("A01_s1.tif")
    (job_id,) = reader.jobs["A01_s1.tif"]
    take(reader.api, job_id, "launch")
    attempt = take(reader.api, job_id, "claim", worker="w", lease_s=15)["attempt"]
    take(reader.api, job_id, "report", attempt=attempt, report={**report(), "measurements": {"count": 10}})
    take(reader.api, job_id, "finish", attempt=attempt, status="PipelineComplete")
    take(reader.api, job_id, "seal", attempt=attempt, outputs=SEALED)
    for path, said, shown in (("exclusions", {"objects": [1, 2]}, 8), ("verdict", {"verdict": "reject"}, None)):
        reader.api.put(f"/api/v2/jobs/{job_id}/{path}", json=said).raise_for_status()
        assert values(wells(reader), "A01") == {"count": shown}
    assert (well(wells(reader), "A01")["state"], map_of(reader)["states"][0]) == ("rejected", "j")


def test_a_failure_that_was_accepted_is_neither_failed_nor_hidden(reader: Reader) -> None:  # noqa: F811
    reader.count("A01_s1.tif", count=10)
    reader.arrive("A02_s1.tif")
    reader.fail("A02_s1.tif")
    where = {"plate": [reader.name], "code": ["image_unreadable"]}
    asked = {"filter": where, "reason": "plate is thrown away", "expected_count": 1}
    assert (map_of(reader)["failed"], map_of(reader)["accepted"], map_of(reader)["states"][:2]) == (1, 0, "df")
    assert well(wells(reader), "A02")["state"] == "failed"
    waiver = reader.api.post("/api/v2/failures/waive", json=asked).json()
    assert (map_of(reader)["failed"], map_of(reader)["accepted"], map_of(reader)["states"][:2]) == (0, 1, "dc")
    found = well(wells(reader), "A02")
    assert (found["state"], found["accepted"], found["stages"]) == ("accepted", 1, {"failed": 1})
    images = reader.api.get(f"/api/v2/plates/{reader.plate['id']}/images").json()["items"]
    assert [each["accepted"] for each in images] == [False, True]
    reader.api.delete(f"/api/v2/failures/waivers/{waiver['number']}").raise_for_status()
    assert (map_of(reader)["states"][:2], well(wells(reader), "A02")["state"]) == ("df", "failed")


def test_flags_controls_and_replicates_are_told(reader: Reader) -> None:  # noqa: F811
    reader.arrive("A01_s1.tif", control="Negative", sample="dmso")
    reader.work(reader.jobs["A01_s1.tif"][0], "out_of_focus,debris", count=1)
    found = well(wells(reader), "A01")
    assert (found["flagged"], found["flags"]) == (1, {"debris": 1, "out_of_focus": 1})
    assert (found["control"], found["sample"]) == ("negative", "dmso")


def test_the_images_of_a_well_lead_to_their_jobs(reader: Reader) -> None:  # noqa: F811
    reader.count("A01_s1.tif", count=10)
    reader.count("A02_s1.tif", count=20)
    items = reader.api.get(f"/api/v2/plates/{reader.plate['id']}/images", params={"well": "A02"}).json()["items"]
    assert [(each["job"], each["count"], each["told"]) for each in items] == [
        (reader.jobs["A02_s1.tif"][0], 20, {"field": "1"})
    ]


def test_plates_are_found_by_a_part_of_their_name(reader: Reader) -> None:  # noqa: F811
    reader.name = "Mix \u00e4 100%"
    reader.count("A01_s1.tif", count=1)
    for name, found in (("mix", 1), ("0%", 1), ("\u00e4", 1), ("A01", 0), ("plate", 0)):
        items = reader.api.get("/api/v2/plates", params={"name": name}).json()["items"]
        assert sum(each["plate"] == reader.name for each in items) == found, name


def test_jobs_are_chosen_by_plate_and_well(reader: Reader) -> None:  # noqa: F811
    reader.count("A01_s1.tif", count=1)
    reader.count("B02_s1.tif", count=1)
    for spelling in ("B02", "b2"):
        items = reader.api.get("/api/v2/jobs", params={"plate": reader.name, "well": spelling}).json()["items"]
        assert [each["id"] for each in items] == reader.jobs["B02_s1.tif"]
    refused = reader.api.get("/api/v2/jobs", params={"well": "B02"})
    assert (refused.status_code, "name the plate" in refused.text) == (422, True)


def test_a_plate_that_nobody_knows_has_no_wells(reader: Reader) -> None:  # noqa: F811
    nobody = "00000000-0000-0000-0000-000000000000"
    assert reader.api.get(f"/api/v2/plates/{nobody}/wells").json()["code"] == "not_found"
    assert reader.api.get("/api/v2/plates/maps", params={"plate": nobody}).json()["items"] == []
