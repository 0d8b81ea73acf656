"""The reference of the API: descriptions become words and commands, whatever a service says or doesn't."""

from typing import Any

from fastapi.testclient import TestClient

from dashboard.reference.calls import Place, call_of
from dashboard.reference.reading import public
from dashboard.reference.samples import sample
from dashboard.reference.schemas import bounds_of, kind_of, members
from dashboard.reference.services import SERVICES
from labrelay.supervisor import GATEWAY

SCHEMAS: dict[str, dict[str, Any]] = {
    "Colour": {"type": "string", "enum": ["red", "green"]},
    "Box": {
        "type": "object",
        "required": ["colour", "inner"],
        "properties": {
            "note": {"type": "string", "maxLength": 500, "default": ""},
            "colour": {"$ref": "#/components/schemas/Colour"},
            "inner": {"$ref": "#/components/schemas/Box"},
            "sizes": {"type": "array", "items": {"type": "integer", "minimum": 1, "maximum": 9}, "maxItems": 3},
        },
    },
}


def test_every_service_of_the_gateway_has_its_chapter() -> None:
    assert {each.port for each in SERVICES} == {port for _, port in GATEWAY.values()}


def test_members_are_told_with_their_bounds_and_the_required_ones_first() -> None:
    told = {each.name: each for each in members(SCHEMAS["Box"], SCHEMAS)}
    assert list(told)[:2] == ["colour", "inner"]
    assert (told["colour"].kind, told["colour"].bounds) == ("string", ("one of red, green",))
    assert (told["inner"].kind, told["inner"].bounds) == ("Box", ())
    assert (told["sizes"].kind, told["sizes"].bounds) == ("array of integer", ("1 to 9", "at most 3 items"))
    assert told["note"].bounds == ("at most 500 characters",)


def test_a_choice_of_types_and_half_open_bounds_are_told() -> None:
    schema = {"anyOf": [{"type": "number", "exclusiveMinimum": 0}, {"type": "null"}]}
    assert kind_of(schema, {}) == "number or null"
    assert bounds_of(schema, {}) == ("more than 0",)


def test_a_sample_of_a_schema_that_names_itself_ends() -> None:
    box = sample({"$ref": "#/components/schemas/Box"}, SCHEMAS)
    assert box["colour"] == "red"
    assert box["inner"]["inner"]["inner"] == {}


def test_a_command_has_what_a_call_needs() -> None:
    operation = {
        "parameters": [
            {"name": "job_id", "in": "path", "required": True, "schema": {"type": "string"}},
            {"name": "path", "in": "query", "required": True, "schema": {"type": "string"}},
            {"name": "wait", "in": "query", "schema": {"type": "number"}},
            {"name": "x-instrument", "in": "header", "required": True, "schema": {"type": "string"}},
        ],
        "requestBody": {"content": {"application/zip": {"schema": {"type": "string"}}}},
        "x-roles": ["operator"],
    }
    call = call_of(Place("job_repository", "http://127.0.0.1:1", True, {}), "put", "/jobs/{job_id}", operation)
    assert call.curl == (
        "curl -sS -X PUT -H 'x-instrument: X-INSTRUMENT' -T FILE "
        "-H \"Authorization: Bearer $LABRELAY_TOKEN\" 'http://127.0.0.1:1/jobs/JOB?path=PATH'"
    )
    assert call.anchor == "job-repository-put-jobs-job-id"
    assert [each.name for each in call.parameters][-1] == "wait"


def test_a_path_that_only_services_call_disappears() -> None:
    inside, outside = {"x-roles": ["service"]}, {"x-roles": ["viewer"]}
    paths = {"/a": {"get": inside}, "/b": {"get": outside, "post": inside}}
    assert public({"paths": paths})["paths"] == {"/b": {"get": outside}}


def test_without_any_service_the_page_says_so_kindly(browser_of_nobody: TestClient) -> None:
    answer = browser_of_nobody.get("/api", headers={"Accept": "text/html"})
    assert answer.status_code == 200
    assert answer.text.count("It doesn't answer just now") + answer.text.count("It doesn&#39;t answer just now") == len(
        SERVICES
    )
    silent = browser_of_nobody.get("/api.json").json()["services"]
    assert all(each["trouble"] and each["document"] is None for each in silent)
