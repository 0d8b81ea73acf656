import json
import re

from fastapi.testclient import TestClient

from labrelay.contracts.states import Stage
from tests.dashboard.double import Gateway
from tests.dashboard.samples import FAILURE, TABLE, finished, job, png


def test_the_first_page_says_in_one_sentence_how_the_lab_is(client: TestClient, gateway: Gateway) -> None:
    for well in range(3):
        gateway.put(finished(f"A0{well}.tif", 5, png()))
    gateway.put(job("B01.tif", Stage.FAILED, failure=FAILURE))
    gateway.put(job("B02.tif", Stage.PROCESSING))
    assert "1 instrument is running. 1 file needs you. 1 is on its way." in client.get("/").text


def test_a_row_tells_file_state_result_flags_and_time(client: TestClient, gateway: Gateway) -> None:
    gateway.put(finished("plate7/B07_w1.tif", 598, png(), flags="focus, saturation"))
    row = client.get("/jobs").text.split("<tbody")[1]
    for text in ("B07_w1.tif", "reader-1 / input / plate7", "Done", "CellCount, 598", "focus", "saturation", "12 s"):
        assert text in row, text


def test_the_newest_job_comes_first(client: TestClient, gateway: Gateway) -> None:
    gateway.put(job("old.tif", age_s=900))
    gateway.put(job("new.tif", age_s=1))
    rows = client.get("/jobs").text.split("<tbody")[1]
    assert rows.index("new.tif") < rows.index("old.tif")


def test_state_and_path_in_the_url_choose_the_rows(client: TestClient, gateway: Gateway) -> None:
    gateway.put(job("plate7/B07.tif", Stage.LAUNCHED))
    gateway.put(job("plate7/C01.tif", Stage.AWAITING_INPUT))
    gateway.put(job("plate7/B08.tif", Stage.PROCESSING))
    shown = client.get("/jobs", params={"stage": ["launched", "awaiting_input"], "path": "b0"}).text.split("<tbody")[1]
    assert "B07.tif" in shown
    assert "C01.tif" not in shown
    assert "B08.tif" not in shown


def test_aicsd_04_a_page_holds_a_hundred_jobs_and_older_ones_are_a_link_away(
    client: TestClient, gateway: Gateway
) -> None:
    for number in range(103):
        gateway.put(job(f"f{number:03}.tif", age_s=number))
    first = client.get("/jobs").text
    assert first.count('id="job-') == 100
    older = re.search(r'href="(/jobs\?after=[^"]+)"', first)
    assert older
    assert client.get(older.group(1)).text.count('id="job-') == 3


def test_names_from_instruments_are_shown_as_text_never_as_markup(client: TestClient, gateway: Gateway) -> None:
    gateway.put(job("<script>alert(1)</script>.tif"))
    page = client.get("/jobs").text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page


def test_the_json_twin_has_the_same_jobs(client: TestClient, gateway: Gateway) -> None:
    gateway.put(finished("plate7/B07_w1.tif", 598, png()))
    twin = client.get("/jobs.json").json()
    assert twin["facets"]["stage"] == {"complete": 1}
    assert [row["result"] for row in twin["jobs"]] == ["CellCount, 598"]


def test_the_job_page_shows_input_task_timeline_and_outputs(client: TestClient, gateway: Gateway) -> None:
    done = finished("plate7/B07_w1.tif", 598, png())
    gateway.put(done.model_copy(update={"updated_ns": done.created_ns}))
    gateway.put(done, "claim", actor="nuclei-1")
    page = client.get(f"/jobs/{done.id}").text
    task = ("Count nuclei", "nuclei/count", "diameter")
    for text in (*task, done.source.sha256, done.outputs[0].sha256, "plate7/B07_w1_overlay.png"):
        assert text in page, text
    assert "then 12 s" in page
    assert "A worker took it" in page


def test_the_job_page_says_what_a_quality_flag_means_and_what_to_do(client: TestClient, gateway: Gateway) -> None:
    flagged = finished("B07.tif", 598, png(), flags="out_of_focus, no_such_flag")
    gateway.put(flagged)
    page = client.get(f"/jobs/{flagged.id}").text
    assert "edges are blurred" in page
    assert "Check the autofocus" in page


def test_a_failed_job_says_what_happened_and_what_to_do(client: TestClient, gateway: Gateway) -> None:
    failed = job(stage=Stage.FAILED, failure=FAILURE)
    gateway.put(failed)
    page = client.get(f"/jobs/{failed.id}").text
    for text in (FAILURE.cause, FAILURE.next_step, FAILURE.code, "Retry this job"):
        assert text in page, text


def test_retry_works_as_a_plain_form(client: TestClient, gateway: Gateway) -> None:
    failed = job(stage=Stage.FAILED, failure=FAILURE)
    gateway.put(failed)
    answer = client.post(f"/jobs/{failed.id}/retry", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/jobs/{failed.id}")
    assert gateway.jobs[failed.id].stage is Stage.READY


def test_a_refused_retry_is_explained_on_the_job_page(client: TestClient, gateway: Gateway) -> None:
    done = finished("A01.tif", 4, png())
    gateway.put(done)
    answer = client.post(f"/jobs/{done.id}/retry")
    assert answer.status_code == 409
    assert "only failed jobs can be retried" in answer.text


def test_another_site_cannot_press_retry(client: TestClient, gateway: Gateway) -> None:
    failed = job(stage=Stage.FAILED, failure=FAILURE)
    gateway.put(failed)
    answer = client.post(f"/jobs/{failed.id}/retry", headers={"Origin": "https://elsewhere.example"})
    assert answer.status_code == 403
    assert gateway.jobs[failed.id].stage is Stage.FAILED


def test_an_unknown_job_gets_a_kind_page_or_a_problem_document(client: TestClient) -> None:
    answer = client.get("/jobs/nothing")
    assert answer.status_code == 404
    assert "There is nothing here" in answer.text
    problem = client.get("/jobs/nothing", headers={"Accept": "application/json"}).json()
    assert problem["code"] == "not_found"


def test_without_the_repository_the_page_says_so_kindly(browser_of_nobody: TestClient) -> None:
    answer = browser_of_nobody.get("/jobs", headers={"Accept": "text/html"})
    assert answer.status_code == 503
    assert "doesn&#39;t answer just now" in answer.text or "doesn't answer just now" in answer.text
    assert "No file is lost" in answer.text


def test_pages_allow_nothing_from_elsewhere_and_hold_no_inline_script(client: TestClient, gateway: Gateway) -> None:
    done = finished("A01.tif", 4, png())
    gateway.put(done)
    for address in ("/", "/jobs", f"/jobs/{done.id}"):
        page = client.get(address)
        assert page.headers["content-security-policy"].startswith("default-src 'self';")
        assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=|=\"https?://", page.text)


def test_a_picture_is_shown_and_everything_else_is_saved(client: TestClient, gateway: Gateway) -> None:
    picture = png()
    done = finished("A01.tif", 4, picture)
    gateway.put(done)
    gateway.outputs = {(done.id, 0): TABLE, (done.id, 1): picture}
    shown = client.get(f"/jobs/{done.id}/outputs/1")
    assert (shown.content, shown.headers["content-type"]) == (picture, "image/png")
    assert shown.headers["etag"] == f'"{done.outputs[1].sha256}"'
    saved = client.get(f"/jobs/{done.id}/outputs/0")
    assert saved.content == TABLE
    assert saved.headers["content-disposition"].startswith("attachment")


def test_a_known_digest_is_not_sent_twice(client: TestClient, gateway: Gateway) -> None:
    done = finished("A01.tif", 4, png())
    gateway.put(done)
    tag = f'"{done.outputs[1].sha256}"'
    answer = client.get(f"/jobs/{done.id}/outputs/1", headers={"If-None-Match": tag})
    assert (answer.status_code, answer.content) == (304, b"")


def test_only_a_url_that_names_the_digest_may_be_kept_for_good(client: TestClient, gateway: Gateway) -> None:
    picture = png()
    done = finished("A01.tif", 4, picture)
    gateway.put(done)
    gateway.outputs = {(done.id, 1): picture}
    address = f"/jobs/{done.id}/outputs/1"
    kept = client.get(address, params={"v": done.outputs[1].sha256[:16]})
    assert "immutable" in kept.headers["cache-control"]
    for other in ({}, {"v": "0" * 16}):
        assert client.get(address, params=other).headers["cache-control"] == "no-cache"


def test_an_output_that_is_not_there_is_not_found(client: TestClient, gateway: Gateway) -> None:
    done = finished("A01.tif", 4, png())
    gateway.put(done)
    assert client.get(f"/jobs/{done.id}/outputs/7").status_code == 404
    assert client.get(f"/jobs/{done.id}/outputs/1").status_code == 404, "the sender has no such bytes"


def test_the_twin_is_json_all_through(client: TestClient, gateway: Gateway) -> None:
    gateway.put(job())
    assert json.loads(client.get("/jobs.json").text)["next"] is None
