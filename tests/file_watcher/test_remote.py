"""Which folders are shares: by the system's table of mounts, on Windows by name or drive."""

from pathlib import Path, PurePosixPath, PureWindowsPath

import pytest

from file_watcher.remote import is_remote, is_remote_drive, is_remote_kind, kind_of

MOUNTS = (("/", "ext4"), ("/mnt", "nfs4"), ("/mnt/local", "xfs"), ("/media/share", "ext4"), ("/media/share", "cifs"))


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/home/lab", "ext4"),
        ("/mnt/plates", "nfs4"),
        ("/mnt/local/plates", "xfs"),
        ("/mnt2/plates", "ext4"),
        ("/media/share/x", "cifs"),
    ],
)
def test_a_folder_lies_on_the_innermost_mount_and_on_the_last(path: str, kind: str) -> None:
    assert kind_of(PurePosixPath(path), MOUNTS) == kind


@pytest.mark.parametrize("kind", ["nfs", "nfs4", "cifs", "smb3", "SMBFS", "9p", "fuse", "fuse.sshfs", "virtiofs"])
def test_shares_are_known_by_their_kind(kind: str) -> None:
    assert is_remote_kind(kind)


@pytest.mark.parametrize("kind", ["ext4", "xfs", "tmpfs", "NTFS", "apfs", "fuseblk", "fuse.ntfs-3g", ""])
def test_local_disks_are_no_shares(kind: str) -> None:
    assert not is_remote_kind(kind)


@pytest.mark.parametrize(
    ("path", "remote"), [(r"\\server\plates\today", True), (r"Z:\plates", True), (r"C:\plates", False)]
)
def test_windows_tells_shares_by_name_or_by_drive(path: str, *, remote: bool) -> None:
    kinds = {"Z:\\": 4, "C:\\": 3}
    assert is_remote_drive(PureWindowsPath(path), lambda anchor: kinds[anchor]) is remote


def test_this_machines_own_folder_is_no_share(tmp_path: Path) -> None:
    assert not is_remote(tmp_path)
