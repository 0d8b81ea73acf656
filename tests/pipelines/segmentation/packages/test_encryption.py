"""An encrypted package counts as the plain one does, where its key is and nowhere else; the disk sees nothing plain."""

import sys
import tempfile
import traceback
from pathlib import Path

import numpy as np
import pytest

from labrelay.errors import Conflict, LabrelayError
from pipelines.segmentation.errors import ModelKeyMissing, ModelKeyWrong, ModelPackageInvalid
from pipelines.segmentation.network import Network
from pipelines.segmentation.package import load_package
from pipelines.segmentation.packages.commands import encrypted
from pipelines.segmentation.packages.keys import KEY, KEY_FILE, ModelKey, read_key, write_new_key
from pipelines.segmentation.packages.sealed import encrypt_package
from pipelines.segmentation.packages.verify import verified
from tests.pipelines.segmentation.packages.onnx_bytes import bright_network
from tests.pipelines.segmentation.packages.own_models import onnx_package

SECRET = "0123456789abcdef" * 4
OTHER = "fedcba9876543210" * 4
SEEN = np.linspace(0, 1, 64 * 64, dtype=np.float32).reshape(64, 64)


@pytest.fixture
def key(monkeypatch: pytest.MonkeyPatch) -> ModelKey:
    monkeypatch.setenv(KEY, SECRET)
    return ModelKey.parse(SECRET, "the test")


@pytest.fixture
def sealed(fresh_package: Path, tmp_path: Path, key: ModelKey) -> Path:
    encrypt_package(fresh_package, tmp_path / "sealed", key)
    return tmp_path / "sealed"


def test_it_predicts_what_the_plain_one_does(fresh_package: Path, sealed: Path) -> None:
    plain, opened = load_package(fresh_package), load_package(sealed)
    assert opened.encrypted
    assert opened.description.files == plain.description.files
    np.testing.assert_array_equal(Network(opened).predict(SEEN), Network(plain).predict(SEEN))
    assert all(check.well for check in verified(sealed))


def test_nothing_plain_gets_on_the_disk(
    fresh_package: Path, sealed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    structure, weights = ((fresh_package / f"model.{kind}").read_bytes() for kind in ("xml", "bin"))
    places = [tmp_path / name for name in ("temporary", "cache", "here")]
    for place in places:
        place.mkdir()
    monkeypatch.setenv("TMPDIR", str(places[0]))
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.chdir(places[2])
    Network(load_package(sealed), places[1]).predict(SEEN)
    assert [path for place in places for path in place.rglob("*")] == []
    for path in sealed.iterdir():
        content = path.read_bytes()
        assert b"<layer" not in content
        assert structure[100:200] not in content
        assert weights[:64] not in content
    Network(load_package(fresh_package), places[1])
    assert list(places[1].iterdir())  # where a plain one's cache is


def test_an_onnx_file_is_encrypted_as_well(tmp_path: Path, key: ModelKey) -> None:
    folder = onnx_package(tmp_path / "plain", bright_network(), {"output": 'activation = "sigmoid"'})
    sealed = encrypt_package(folder, tmp_path / "sealed", key)
    assert sorted(path.name for path in sealed.folder.iterdir()) == ["cells.onnx.aes", "model.toml"]
    np.testing.assert_array_equal(Network(sealed).predict(SEEN), Network(load_package(folder)).predict(SEEN))


def test_every_nonce_is_another(fresh_package: Path, tmp_path: Path, key: ModelKey) -> None:
    for name in ("one", "two"):
        encrypt_package(fresh_package, tmp_path / name, key)
    files = [path for name in ("one", "two") for path in (tmp_path / name).glob("*.aes")]
    assert len({path.read_bytes()[8:20] for path in files}) == 4


@pytest.mark.parametrize("place", [0, 12, 100, -1], ids=["mark", "nonce", "middle", "tag"])
@pytest.mark.parametrize("name", ["model.xml.aes", "model.bin.aes"])
def test_a_changed_byte_is_refused(sealed: Path, name: str, place: int) -> None:
    content = bytearray((sealed / name).read_bytes())
    content[place] ^= 1
    (sealed / name).write_bytes(content)
    with pytest.raises(ModelPackageInvalid, match=r"has changed since|no file that"):
        Network(load_package(sealed))


@pytest.mark.parametrize("kept", [0, 8, 20, 35, -1])
def test_a_file_cut_short_is_refused(sealed: Path, kept: int) -> None:
    path = sealed / "model.bin.aes"
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(ModelPackageInvalid, match=r"cut off|has changed since"):
        Network(load_package(sealed))


def test_files_cannot_stand_for_one_another(sealed: Path, fresh_package: Path, tmp_path: Path, key: ModelKey) -> None:
    toml = fresh_package / "model.toml"
    toml.write_text(toml.read_text(encoding="utf-8").replace('version = "1.0.0"', 'version = "2"'), encoding="utf-8")
    encrypt_package(fresh_package, tmp_path / "later", key)
    for other in (sealed / "model.bin.aes", tmp_path / "later" / "model.xml.aes"):
        (sealed / "model.xml.aes").write_bytes(other.read_bytes())
        with pytest.raises(ModelPackageInvalid, match="belongs to another model"):
            Network(load_package(sealed))


@pytest.mark.parametrize(
    ("told", "changed"),
    [("foreground_threshold", "#"), ('version = "1.0.0"', 'version = "9.9.9"'), ("", "\n"), ("digest of", "0" * 64)],
)
def test_nothing_in_its_description_can_be_changed_unseen(sealed: Path, told: str, changed: str) -> None:
    toml = sealed / "model.toml"
    told = load_package(sealed).description.files.digests["model.bin"] if told == "digest of" else told
    before = toml.read_text(encoding="utf-8")
    assert told in before
    toml.write_text(before + changed if not told else before.replace(told, changed, 1), encoding="utf-8")
    with pytest.raises(ModelPackageInvalid, match=r"model\.toml has changed since it was encrypted"):
        Network(load_package(sealed))


def test_a_package_of_before_is_refused_with_a_way_out(sealed: Path) -> None:
    path = sealed / "model.xml.aes"
    path.write_bytes(b"LRMODEL1" + path.read_bytes()[8:])
    with pytest.raises(ModelPackageInvalid, match=r"older labrelay") as refused:
        Network(load_package(sealed))
    assert "labrelay model encrypt" in refused.value.next_step


def test_without_its_key_it_says_so(sealed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(KEY)
    with pytest.raises(ModelKeyMissing) as refused:
        Network(load_package(sealed))
    assert KEY_FILE in refused.value.next_step
    assert [check.check for check in verified(sealed) if check.well is False] == ["digests"]


def test_another_key_is_told_by_its_id(sealed: Path, key: ModelKey, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEY, OTHER)
    with pytest.raises(ModelKeyWrong, match=f"encrypted with the key {key.id}"):
        Network(load_package(sealed))


def test_the_key_may_come_from_a_file(sealed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(KEY)
    (tmp_path / "key").write_text(f"  {SECRET.upper()}\n", encoding="ascii")
    monkeypatch.setenv(KEY_FILE, str(tmp_path / "key"))
    assert Network(load_package(sealed)).predict(SEEN).shape == (2, 64, 64)


@pytest.mark.parametrize(
    ("variable", "value"),
    [(KEY, OTHER), (KEY, SECRET[:-1]), (KEY, SECRET + "0"), (KEY_FILE, SECRET), (KEY_FILE, f"./{SECRET}")],
)
def test_no_key_gets_into_an_error(
    sealed: Path, variable: str, value: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv(KEY)
    monkeypatch.setenv(variable, value)
    with pytest.raises(LabrelayError) as refused:
        Network(load_package(sealed))
    told = "".join(traceback.format_exception(refused.value)) + refused.value.cause + refused.value.next_step
    told += repr(ModelKey(bytes.fromhex(SECRET))) + "".join(capfd.readouterr())
    assert not any(text[:16] in told.lower() for text in (SECRET, OTHER))


def test_a_new_key_is_its_owners_alone_and_never_overwritten(tmp_path: Path) -> None:
    made = write_new_key(tmp_path / "key")
    assert read_key(tmp_path / "key") == made
    assert len(made.secret) == 32
    if sys.platform != "win32":
        assert (tmp_path / "key").stat().st_mode & 0o777 == 0o600
    with pytest.raises(Conflict):
        write_new_key(tmp_path / "key")
    assert read_key(tmp_path / "key") == made


def test_what_cannot_be_encrypted_leaves_nothing_behind(sealed: Path, fresh_package: Path, key: ModelKey) -> None:
    out = sealed.parent / "out"
    with pytest.raises(ModelPackageInvalid, match="encrypted already"):
        encrypt_package(sealed, out, key)
    (fresh_package / "model.bin").write_bytes(b"")
    with pytest.raises(ModelPackageInvalid, match="SHA-256"):
        encrypt_package(fresh_package, out, key)
    with pytest.raises((Conflict, ModelPackageInvalid)):
        encrypt_package(fresh_package, sealed, key)
    assert not out.exists()


def test_a_key_that_cannot_be_written_is_said_plainly(tmp_path: Path) -> None:
    with pytest.raises(ModelKeyMissing, match="can't be written"):
        write_new_key(tmp_path / "nowhere" / "key")


def test_no_key_is_made_for_a_folder_that_is_taken(fresh_package: Path, tmp_path: Path) -> None:
    with pytest.raises(Conflict, match="there already"):
        encrypted(fresh_package, fresh_package, None, tmp_path / "key")
    assert not (tmp_path / "key").exists()
