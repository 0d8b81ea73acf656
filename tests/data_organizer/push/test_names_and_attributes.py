"""Names and attributes beside a push: what is taken as it is, what is refused in words, and that nothing breaks it."""

from typing import Any

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data_organizer.gateway.attributes import typed
from labrelay.errors import Unprocessable
from tests.data_organizer.push.gateway import PushGateway, digest_of

TAKEN = [
    "two words.tif",
    "Zürich/café №5.tif",
    "細胞/画像_01.tif",
    "a#b?c&d=e%20.tif",
    "plus+plus.tif",
    "-leading dash.tif",
    "two..dots.tif",
    "no extension",
    ".hidden.tif",
    "CON.tif",
    "quote\"and'tick.tif",
    f"{'x' * 196}.tif",
    "/".join(["deep"] * 100) + "/a.tif",
]
REFUSED = {
    "": "no name",
    "/etc/passwd": "no name",
    "a//b.tif": "no name",
    "folder/": "no name",
    "..": "`..`",
    "a/../../b.tif": "`..`",
    "./a.tif": "`..`",
    "a/.. /b": "`..`",
    "a\\b.tif": "backslash",
    "C:evil.tif": "drive",
    "nul\x00.tif": "control",
    "line\nbreak.tif": "control",
    "bell\x07.tif": "control",
    "separator\u2028.tif": "control",
    "  ": "blanks",
    f"{'x' * 201}": "200 bytes",
    "画" * 67: "200 bytes",
    "a/" * 600 + "b": "1024",
}


@pytest.mark.parametrize("path", TAKEN)
def test_a_name_is_kept_as_it_is(gateway: PushGateway, path: str) -> None:
    told = gateway.push(path, b"x").json()
    assert gateway.get(told["url"]).json()["path"] == path


@pytest.mark.parametrize(("path", "cause"), REFUSED.items())
def test_a_name_that_leads_astray_is_refused_with_its_cause(gateway: PushGateway, path: str, cause: str) -> None:
    answer = gateway.push(path, b"x")
    assert answer.status_code == 422
    assert cause in answer.json()["cause"]


@pytest.mark.parametrize(
    "query", ["path=%ff.tif", "path=a.tif&path=b.tif", "", "path=a.tif&atribute=x=1", "path=a.tif&folder=..",
              "path=a.tif&instrument=a/b", "path=a.tif&must_match=perhaps", "path=a.tif&instrument=a&instrument=b"]
)  # fmt: skip
def test_a_query_that_could_be_misread_is_refused(gateway: PushGateway, query: str) -> None:
    assert requests.post(f"{gateway.url}/api/v2/captures?{query}", data=b"x", timeout=10).status_code == 422


def attributes(gateway: PushGateway, path: str, *given: str) -> dict[str, Any]:
    answer = gateway.push(path, b"x", attribute=list(given))
    assert answer.status_code == 201, answer.text
    return dict(gateway.get(answer.json()["url"]).json()["attributes"])


def test_attributes_keep_their_kinds(gateway: PushGateway) -> None:
    given = ["well=A01", "field=3", "z=-0.5", "control=true", "barcode=0012", 'lot="7"', "note=a=b, c", "empty="]
    found = attributes(gateway, "kinds.tif", *given)
    assert found == {
        "well": "A01", "field": 3, "z": -0.5, "control": True, "barcode": "0012", "lot": "7", "note": "a=b, c",
        "empty": "", "row": "A", "column": 1,
    }  # fmt: skip
    assert isinstance(found["field"], int)


def test_the_name_is_read_as_on_an_instruments_side_and_what_is_given_stands_over_it(gateway: PushGateway) -> None:
    assert attributes(gateway, "named Stain-abc.tif")["Stain"] == "abc"
    assert attributes(gateway, "given Stain-abc.tif", "Stain=other")["Stain"] == "other"
    read = attributes(gateway, "p7/B03_s2_w1.tif")
    assert (read["well"], read["row"], read["column"], read["field"]) == ("B03", "B", 3, 2)
    given = attributes(gateway, "p8/B03_s2_w1.tif", "well=C04")
    assert (given["well"], given["row"], given["column"], given["field"]) == ("C04", "C", 4, 2)
    given = attributes(gateway, "p9/B03_s2_w1.tif", "well=c4")
    assert (given["well"], given["row"], given["column"]) == ("C04", "C", 4)


@pytest.mark.parametrize(
    "value", ["NaN", "Infinity", "1e999", "null", "[1]", "{}", "01", "9" * 40, "nan", "'x'", "1 2"]
)
def test_what_is_no_plain_json_value_is_a_text(value: str) -> None:
    assert typed(value) == value


@pytest.mark.parametrize(
    "given", ["novalue", "=x", "9name=x", "a b=x", f"{'n' * 65}=x", f"long={'v' * 1001}", "line=a\nb", "nul=\x00"]
)
def test_an_attribute_that_cannot_be_read_is_refused(gateway: PushGateway, given: str) -> None:
    assert gateway.push("attribute.tif", b"x", attribute=given).status_code == Unprocessable.status


def test_an_attribute_with_two_values_and_too_many_attributes_are_refused(gateway: PushGateway) -> None:
    assert gateway.push("twice.tif", b"x", attribute=["a=1", "a=2"]).status_code == 422
    assert gateway.push("many.tif", b"x", attribute=[f"a{number}=1" for number in range(65)]).status_code == 422


TEXTS = st.text(max_size=40)
QUERIES = st.fixed_dictionaries(
    {"path": TEXTS | st.sampled_from(TAKEN)},
    optional={
        "instrument": TEXTS | st.just("reader-1"),
        "folder": TEXTS | st.just("other"),
        "attribute": st.lists(TEXTS | st.builds("{}={}".format, st.sampled_from("abc"), TEXTS), max_size=5),
        "must_match": TEXTS | st.just("true"),
    },
)
DIGESTS = st.none() | st.just(digest_of(b"body")) | st.text(st.characters(min_codepoint=32, max_codepoint=126))


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(query=QUERIES, digest=DIGESTS, body=st.sampled_from([b"", b"body"]))
def test_no_push_breaks_the_service(
    gateway: PushGateway, query: dict[str, Any], digest: str | None, body: bytes
) -> None:
    try:
        answer = gateway.push(**query, data=body, digest=digest or "")
    except requests.exceptions.InvalidHeader:
        return
    assert answer.status_code in (200, 201, 400, 422), answer.text
    if answer.status_code < 400:
        assert gateway.get(answer.json()["url"]).json()["path"] == query["path"]
    else:
        assert answer.json()["cause"]
