import hashlib
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labrelay.errors import Forbidden
from labrelay.files import (
    copy_published,
    digest_file,
    input_name,
    inside,
    is_temporary,
    leads_out,
    legal_name,
    publish_bytes,
    temporary_beside,
)

NASTY = st.text(st.characters(codec="utf-8"), max_size=300)


@given(NASTY)
def test_no_name_leaves_its_root(name: str) -> None:
    root = Path("/srv/root")
    try:
        path = inside(root, name)
    except Forbidden:
        return
    assert path.is_relative_to(root)
    assert ".." not in path.parts


@pytest.mark.parametrize("name", ["../x", "a/../../x", "/etc/passwd", "", "a\x00b", "."])
def test_names_that_try_to_escape_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(Forbidden):
        inside(tmp_path, name)


@pytest.mark.parametrize("name", ["C:/x", "C:x", "a\\..\\x", "\\\\server\\share", "a.tif:stream"])
def test_drives_streams_and_backslashes_lead_out_only_on_windows(name: str) -> None:
    assert leads_out(name, windows=True)
    assert not leads_out(name, windows=False)


def test_a_link_out_of_the_root_is_refused(tmp_path: Path) -> None:
    (tmp_path / "root").mkdir()
    (tmp_path / "root" / "link").symlink_to(tmp_path)
    with pytest.raises(Forbidden, match="link"):
        inside(tmp_path / "root", "link/x")


@given(NASTY)
def test_every_name_becomes_one_that_windows_takes(name: str) -> None:
    legal = legal_name(name)
    assert legal
    assert len(legal.encode()) <= 240
    assert not legal.endswith((".", " "))
    assert not set(legal) & set('<>:"/\\|?*')
    assert legal_name(legal) == legal


@pytest.mark.parametrize("letter", ["n", "é", "核", "🔬"])
@pytest.mark.parametrize("suffix", [".tif", "", ".ome.tif", "." + "x" * 60])
def test_long_names_are_cut_to_what_leaves_room_for_suffixes_and_never_become_equal(letter: str, suffix: str) -> None:
    names = [letter * 250 + end + suffix for end in ("", "a", "b")]
    given = {input_name(f"some/folder/{name}") for name in names}
    assert len(given) == 3
    assert all(len(name.encode()) <= 180 for name in given)
    assert suffix.startswith(".x") or all(name.endswith(suffix[-4:]) for name in given)


@pytest.mark.parametrize("name", ["CON", "nul.tif", "com1.tiff", "LPT9"])
def test_reserved_names_are_moved_aside(name: str) -> None:
    assert legal_name(name) == f"_{name}"


def test_a_digest_covers_the_whole_file(tmp_path: Path) -> None:
    data = os.urandom(3_000_001)
    (tmp_path / "a").write_bytes(data)
    assert digest_file(tmp_path / "a") == (hashlib.sha256(data).hexdigest(), len(data))


def test_publishing_replaces_whole_and_leaves_nothing_behind(tmp_path: Path) -> None:
    final = tmp_path / "sub" / "a.json"
    publish_bytes(b"one", final)
    publish_bytes(b"two", final)
    assert final.read_bytes() == b"two"
    assert [path.name for path in final.parent.iterdir()] == ["a.json"]


def test_a_sealed_copy_is_out_of_reach_of_a_writer_that_goes_on(tmp_path: Path) -> None:
    source = tmp_path / "a"
    with source.open("wb") as zombie:
        zombie.write(b"accepted")
        zombie.flush()
        digest, size = copy_published(source, tmp_path / "sealed" / "a")
        zombie.write(b" and more")
    assert (tmp_path / "sealed" / "a").read_bytes() == b"accepted"
    assert (digest, size) == (hashlib.sha256(b"accepted").hexdigest(), 8)


def test_a_failed_copy_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        copy_published(tmp_path / "nothing", tmp_path / "sealed" / "a")
    assert list(tmp_path.glob("sealed/*")) == []


def test_temporary_names_are_known_as_such() -> None:
    assert is_temporary(temporary_beside(Path("x/a.tif")).name)
    assert not is_temporary("a.tif")
