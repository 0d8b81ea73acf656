"""People log in to the dashboard with a token, see what their role may do, and leave."""

import pytest
import requests

from dashboard.forms import own_path
from dashboard.sessions import COOKIE
from labrelay.access.roles import Role
from tests.access.gateway import Guarded
from tests.polling import until

pytestmark = pytest.mark.timeout(300)
HTML = {"Accept": "text/html"}


@pytest.fixture
def browser(gateway: Guarded) -> requests.Session:
    session = requests.Session()
    session.headers.update(HTML)
    return session


def address(gateway: Guarded, path: str) -> str:
    return gateway.settings.service_url("dashboard") + path


def log_in(gateway: Guarded, browser: requests.Session, role: Role, after: str = "/") -> requests.Response:
    form = {"token": gateway.tokens[role].text, "after": after}
    return browser.post(address(gateway, "/login"), data=form, timeout=30)


def test_a_stranger_is_led_to_the_form_and_back_to_the_page(gateway: Guarded, browser: requests.Session) -> None:
    page = browser.get(address(gateway, "/?state=failed"), timeout=30)
    assert page.url.endswith("/login?after=%2F%3Fstate%3Dfailed")
    assert 'name="token" type="password"' in page.text
    assert log_in(gateway, browser, Role.VIEWER, "/?state=failed").url.endswith("/?state=failed")


def test_the_cookie_is_out_of_reach_of_scripts_and_of_other_sites(gateway: Guarded, browser: requests.Session) -> None:
    form = {"token": gateway.tokens[Role.VIEWER].text}
    answer = browser.post(address(gateway, "/login"), data=form, timeout=30, allow_redirects=False)
    cookie = answer.headers["set-cookie"].lower()
    assert answer.status_code == 303
    assert all(part in cookie for part in ("httponly", "samesite=strict", "max-age=43200", "path=/"))
    assert gateway.tokens[Role.VIEWER].text.lower() not in cookie


def test_a_page_of_another_site_logs_nobody_in_or_out(gateway: Guarded, browser: requests.Session) -> None:
    log_in(gateway, browser, Role.OPERATOR)
    for path in ("/login", "/logout", "/instruments/reader-1/pause"):
        answer = browser.post(address(gateway, path), headers={"Origin": "https://evil.example"}, timeout=30)
        assert answer.status_code == 403
    assert browser.get(address(gateway, "/"), timeout=30).url == address(gateway, "/")


@pytest.mark.parametrize("text", ["", "labrelay_000000000000_" + "a" * 43, "labrelay_service_" + "0" * 64])
def test_a_wrong_token_logs_nobody_in(gateway: Guarded, browser: requests.Session, text: str) -> None:
    answer = browser.post(address(gateway, "/login"), data={"token": text}, timeout=30)
    assert answer.status_code == 401
    assert "administrator" in answer.text
    assert not browser.cookies


def test_an_instruments_token_is_no_persons(gateway: Guarded, browser: requests.Session) -> None:
    answer = log_in(gateway, browser, Role.INSTRUMENT)
    assert answer.status_code == 401
    assert "instrument's" in answer.text.replace("&#39;", "'")


def test_a_viewer_sees_no_buttons_that_do_not_work(gateway: Guarded, browser: requests.Session) -> None:
    push = f"/api/v2/captures?instrument=reader-1&path={browser!r}"
    gateway.call("data_organizer_gateway", "POST", push, gateway.tokens[Role.INSTRUMENT], data=b"x")
    log_in(gateway, browser, Role.VIEWER)
    page = browser.get(address(gateway, "/"), timeout=30).text
    assert "Vera (viewer)" in page
    assert "reader-1" in page
    assert "Pause now" not in page
    answer = browser.post(address(gateway, "/instruments/reader-1/pause"), timeout=30)
    assert answer.status_code == 403
    assert "isn&#39;t enough" in answer.text


def test_an_operator_acts_under_the_own_name(gateway: Guarded, browser: requests.Session) -> None:
    gateway.own("job_repository").put(
        "/api/v2/instruments/reader-1/pause", {"paused": False, "reason": "", "by": "test"}
    )
    push = "/api/v2/captures?instrument=reader-1&path=o.tif"
    gateway.call("data_organizer_gateway", "POST", push, gateway.tokens[Role.INSTRUMENT], data=b"y")
    log_in(gateway, browser, Role.OPERATOR)
    until(
        lambda: "Pause now" in browser.get(address(gateway, "/instruments"), timeout=30).text,
        "the page knows the instrument",
    )
    browser.post(address(gateway, "/instruments/reader-1/pause"), data={"reason": "tea"}, timeout=30)
    paused = gateway.own("job_repository").get("/api/v2/instruments/reader-1/pause")
    assert (paused["gateway"]["by"], paused["gateway"]["reason"]) == ("Otto", "tea")


def test_a_service_that_calls_for_a_person_may_do_no_more_than_the_person(gateway: Guarded) -> None:
    headers = {"X-Labrelay-Role": "viewer", "X-Labrelay-Actor": "Vera"}
    answer = gateway.call(
        "job_repository",
        "PUT",
        "/api/v2/instruments/reader-1/pause",
        gateway.own("dashboard")._key.read(),  # type: ignore[union-attr]
        json={"paused": True},
        headers=headers,
    )
    assert answer.status_code == 403


def test_after_logging_out_the_cookie_is_worth_nothing(gateway: Guarded, browser: requests.Session) -> None:
    log_in(gateway, browser, Role.VIEWER)
    kept = browser.cookies[COOKIE]
    assert "/login" in browser.post(address(gateway, "/logout"), timeout=30).url
    browser.cookies.clear()
    cookies = {COOKIE: kept}
    assert "/login" in requests.get(address(gateway, "/"), cookies=cookies, headers=HTML, timeout=30).url


def test_a_changed_cookie_is_worth_nothing(gateway: Guarded, browser: requests.Session) -> None:
    log_in(gateway, browser, Role.VIEWER)
    token, ends, nonce, signature = browser.cookies[COOKIE].split(".")
    admin = gateway.tokens[Role.ADMIN].token.id
    for parts in ((admin, ends, nonce, signature), (token, str(int(ends) + 9), nonce, signature), (token, ends, nonce)):
        cookies = {COOKIE: ".".join(parts)}
        assert requests.get(address(gateway, "/jobs.json"), cookies=cookies, timeout=30).status_code == 401
    assert browser.get(address(gateway, "/jobs.json"), timeout=30).status_code == 200
    other = gateway.settings.service_url("job_repository") + "/api/v2/summary"
    assert requests.get(other, cookies=browser.cookies.get_dict(), timeout=30).status_code == 401


def test_live_events_flow_and_end_with_the_token(gateway: Guarded, browser: requests.Session) -> None:
    made = gateway.token(Role.VIEWER, "Eva")
    until(lambda: gateway.call("dashboard", "GET", "/jobs.json", made).status_code == 200, "it holds", 5)
    url, shown = address(gateway, "/events"), {"Authorization": f"Bearer {made.text}"}
    with requests.get(url, headers=shown, stream=True, timeout=30) as stream:
        lines = stream.iter_lines()
        assert any(line.startswith(b"event: ") for line in lines)
        gateway.own("job_repository").delete(f"/api/v2/tokens/{made.token.id}")
        assert sum(1 for _ in lines) >= 0  # it comes to its end, within a beat
    job_events = gateway.settings.service_url("job_repository") + "/api/v2/events"
    assert requests.get(job_events, headers=shown, timeout=30).status_code == 401


@pytest.mark.parametrize(
    ("told", "path"),
    [
        ("/jobs/x?a=b", "/jobs/x?a=b"),
        ("https://evil.example/", "/"),
        ("//evil.example", "/"),
        ("", "/"),
        ("/\\evil", "/"),
    ],
)
def test_the_way_back_leads_nowhere_else(told: str, path: str) -> None:
    assert own_path(told) == path
