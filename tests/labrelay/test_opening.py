"""Opening beside a writer: Windows' way, with a system that records what it is asked, and the plain way."""

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from labrelay.files import digest_file, in_use, open_shared
from labrelay.files.windows import SHARE_DELETE, SHARE_READ, SHARE_WRITE, WindowsFiles, extended

FILE = Path(r"C:\plates\p 1\A01.tif")


class RecordingKernel:
    """Grants or refuses with one code; behind a granted handle lies a real file."""

    def __init__(self, content: Path, refuses: Callable[[int], int] = lambda share: 0) -> None:
        self.asked: list[tuple[str, int, int, int]] = []
        self.closed: list[int] = []
        self.adoption: OSError | None = None
        self._content = content
        self._refuses = refuses
        self._code = 0

    def create_file(self, name: str, access: int, share: int, disposition: int, flags: int) -> int | None:
        self.asked.append((name, access, share, disposition))
        self._code = self._refuses(share)
        return None if self._code else 77

    def close_handle(self, handle: int) -> None:
        self.closed.append(handle)

    def last_error(self) -> int:
        return self._code

    def message(self, code: int) -> str:
        return f"message {code}"

    def adopt(self, handle: int) -> int:
        if self.adoption:
            raise self.adoption
        return os.open(self._content, os.O_RDONLY)


@pytest.fixture
def content(tmp_path: Path) -> Path:
    (tmp_path / "content").write_bytes(b"pixels")
    return tmp_path / "content"


def files(kernel: RecordingKernel) -> WindowsFiles:
    return WindowsFiles(kernel, absolute=lambda path: path)


def test_reading_lets_others_write_rename_and_delete(content: Path) -> None:
    kernel = RecordingKernel(content)
    with files(kernel).open_shared(FILE) as stream:
        assert stream.read() == b"pixels"
    ((name, access, share, disposition),) = kernel.asked
    assert name == r"\\?\C:\plates\p 1\A01.tif"
    assert access == 0x80000000  # only reading
    assert share == SHARE_READ | SHARE_WRITE | SHARE_DELETE
    assert disposition == 3  # only what exists
    assert kernel.closed == []  # the stream owned it


@pytest.mark.parametrize(
    ("code", "kind", "number"),
    [
        (2, FileNotFoundError, errno.ENOENT),
        (3, FileNotFoundError, errno.ENOENT),
        (5, PermissionError, errno.EACCES),
        (32, OSError, errno.EBUSY),
        (53, OSError, errno.EIO),
        (64, OSError, errno.EIO),
    ],
)
def test_a_refusal_says_whether_it_is_the_files_fault(
    content: Path, code: int, kind: type[OSError], number: int
) -> None:
    kernel = RecordingKernel(content, lambda share: code)
    with pytest.raises(OSError, match=f"message {code}") as caught:
        files(kernel).open_shared(FILE)
    assert type(caught.value) is kind
    assert caught.value.errno == number
    assert caught.value.filename == str(FILE)


def test_a_handle_that_becomes_no_stream_is_closed(content: Path) -> None:
    kernel = RecordingKernel(content)
    kernel.adoption = OSError(errno.EMFILE, "too many")
    with pytest.raises(OSError, match="too many"):
        files(kernel).open_shared(FILE)
    assert kernel.closed == [77]


@pytest.mark.parametrize("code", [32, 33])
def test_a_file_that_somebody_writes_is_in_use(content: Path, code: int) -> None:
    kernel = RecordingKernel(content, lambda share: 0 if share & SHARE_WRITE else code)
    assert files(kernel).in_use(FILE)
    assert kernel.asked[0][2] == SHARE_READ | SHARE_DELETE


def test_the_question_whether_a_file_is_in_use_leaves_it_closed(content: Path) -> None:
    kernel = RecordingKernel(content)
    assert not files(kernel).in_use(FILE)
    assert kernel.closed == [77]


def test_a_file_that_cannot_be_asked_about_is_not_called_in_use(content: Path) -> None:
    with pytest.raises(PermissionError):
        files(RecordingKernel(content, lambda share: 5)).in_use(FILE)


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("C:/plates/a.tif", r"\\?\C:\plates\a.tif"),
        (r"\\server\share\plate\a.tif", r"\\?\UNC\server\share\plate\a.tif"),
        (r"\\?\C:\plates\a.tif", r"\\?\C:\plates\a.tif"),
        (r"C:\plates\.\x\..\a.tif", r"\\?\C:\plates\a.tif"),
        ("C:\\" + "deep\\" * 80 + "a.tif", "\\\\?\\C:\\" + "deep\\" * 80 + "a.tif"),
    ],
)
def test_paths_of_any_length_and_from_shares_are_named_in_full(path: str, name: str) -> None:
    assert extended(path) == name


def test_elsewhere_a_plain_opening_is_enough(content: Path) -> None:
    with open_shared(content) as stream:
        content.unlink()
        assert stream.read() == b"pixels"
    with pytest.raises(FileNotFoundError):
        open_shared(content)


@pytest.mark.skipif(os.name == "nt", reason="Windows tells")
def test_elsewhere_nothing_is_in_use(content: Path) -> None:
    with content.open("ab"):
        assert not in_use(content)


def test_hashing_opens_as_a_guest(content: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[Path] = []

    def watched(path: Path) -> Any:
        opened.append(path)
        return path.open("rb")

    monkeypatch.setattr("labrelay.files.digest.open_shared", watched)
    assert digest_file(content)[1] == 6
    assert opened == [content]
