"""Models over HTTP: listed, shown, checked; uploads are taken whole after every check, or refused whole."""

import io
import stat
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

import pipelines
from labrelay.settings import Settings
from pipelines.registry import packages
from pipelines.registry.app import create

NUCLEI = Path(pipelines.__file__).parent / "nuclei" / "model"


@pytest.fixture
def registry(settings: Settings) -> Iterator[TestClient]:
    with TestClient(create(settings)) as client:
        yield client


def zipped(*files: tuple[str, bytes], mode: int = stat.S_IFREG | 0o644) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files:
            member = zipfile.ZipInfo(name)
            member.external_attr = mode << 16
            member.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(member, content)
    return out.getvalue()


def shipped(**changed: bytes) -> bytes:
    files = {path.name: path.read_bytes() for path in NUCLEI.iterdir()}
    return zipped(*[(f"mine/{name}", content) for name, content in {**files, **changed}.items()])


def left(settings: Settings) -> list[str]:
    folder = settings.gateway_layout.models
    return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []


def test_shipped_models_are_listed_with_their_cards(registry: TestClient) -> None:
    names = {each["name"]: each for each in registry.get("/api/v2/models").json()["items"]}
    assert {"nuclei", "cells"} <= names.keys()
    told = registry.get("/api/v2/models/nuclei").json()
    assert told["entry"] == names["nuclei"]
    assert "#" in told["card"]
    assert registry.get("/api/v2/models/nobody").status_code == 404


def test_an_upload_is_checked_taken_once_and_found_by_its_name(registry: TestClient, settings: Settings) -> None:
    first = registry.put("/api/v2/models/mine", content=shipped())
    assert first.status_code == 201, first.text
    assert first.json()["new"] is True
    assert all(check["well"] for check in first.json()["checks"])
    assert (settings.gateway_layout.models / "mine" / "model.xml").read_bytes() == (NUCLEI / "model.xml").read_bytes()
    assert registry.put("/api/v2/models/mine", content=shipped()).json()["new"] is False
    assert left(settings) == ["mine"]


def test_a_model_whose_maker_used_a_name_that_is_here_is_told_apart_by_its_key(registry: TestClient) -> None:
    registry.put("/api/v2/models/mine", content=shipped())
    for key in ("nuclei", "mine"):
        entry = registry.get(f"/api/v2/models/{key}").json()["entry"]
        assert (entry["key"], entry["name"]) == (key, "nuclei")
    assert registry.post("/api/v2/models/nuclei/verify").status_code == 200


def test_an_upload_under_the_name_of_a_shipped_model_is_refused(registry: TestClient, settings: Settings) -> None:
    answer = registry.put("/api/v2/models/nuclei", content=shipped())
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
    assert "another name" in answer.json()["next_step"]
    assert left(settings) == []


def test_aicsd_14_a_model_that_was_changed_is_refused_with_what_is_wrong(
    registry: TestClient, settings: Settings
) -> None:
    answer = registry.put("/api/v2/models/mine", content=shipped(**{"model.bin": b"no weights"}))
    assert (answer.status_code, answer.json()["code"]) == (422, "model_refused")
    assert "model.bin" in answer.json()["cause"]
    assert any(check["well"] is False for check in answer.json()["checks"])
    assert left(settings) == []


HOSTILE = {
    "no zip": b"PK\x03\x04 not really",
    "nothing": b"",
    "no model in it": zipped(("readme.txt", b"hello")),
    "a name that leads out": zipped(("../../outside.toml", b"x"), ("model.toml", b"x")),
    "an absolute name": zipped(("/etc/model.toml", b"x")),
    "a drive": zipped(("C:\\model.toml", b"x")),
    "a link": zipped(("model.toml", b"/etc/passwd"), mode=stat.S_IFLNK | 0o777),
    "a name twice": zipped(("model.toml", b"a"), ("./model.toml", b"b")),
    "very many files": zipped(*((f"{number}.bin", b"") for number in range(packages.MOST_FILES + 1))),
}


@pytest.mark.parametrize("content", HOSTILE.values(), ids=list(HOSTILE))
def test_a_hostile_zip_is_refused_and_leaves_nothing(registry: TestClient, settings: Settings, content: bytes) -> None:
    answer = registry.put("/api/v2/models/mine", content=content)
    assert (answer.status_code, answer.json()["code"]) == (422, "model_refused"), answer.text
    assert left(settings) == []
    assert not list(settings.data.parent.rglob("outside.toml"))


def test_a_zip_that_grows_beyond_its_bounds_is_stopped(
    registry: TestClient, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packages, "MOST_BYTES", 1_000_000)
    answer = registry.put("/api/v2/models/mine", content=zipped(("model.bin", bytes(50_000_000))))
    assert answer.status_code == 422
    assert "1,000,000" in answer.json()["cause"]
    assert left(settings) == []


@pytest.mark.parametrize("name", ["..", ".hidden", "a b", "x" * 65, "%2e%2e"])
def test_a_crooked_name_is_refused(registry: TestClient, settings: Settings, name: str) -> None:
    assert registry.put(f"/api/v2/models/{name}", content=b"").status_code in (404, 405, 422)
    assert left(settings) == []
