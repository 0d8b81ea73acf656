"""Is a folder on another machine? Then the system tells nothing of what others change in it."""

import sys
from collections.abc import Callable, Iterable
from pathlib import Path, PurePath
from typing import Final

import psutil

KINDS: Final = (
    *("nfs", "cifs", "smb", "9p", "afs", "ncpfs", "davfs", "webdav", "ceph", "lustre", "gpfs", "beegfs", "autofs"),
    *("virtiofs", "vboxsf", "vmhgfs", "prl_fs", "drvfs", "fuse."),
)
"""How the names begin that systems give to network file systems, and to folders lent by a virtual machine's host."""
LOCAL_FUSE: Final = ("fuse.ntfs", "fuse.exfat", "fuse.fuse-overlayfs", "fuse.mergerfs")
DRIVE_REMOTE: Final = 4
"""https://learn.microsoft.com/windows/win32/api/fileapi/nf-fileapi-getdrivetypew"""
Mount = tuple[str, str]
"""Where it is mounted, and the kind of file system."""


def is_remote(root: Path) -> bool:
    """Whether `root` lies on a share. Reads the system's table of mounts: a share that hangs isn't touched."""
    if sys.platform == "win32":
        from ctypes import windll

        return is_remote_drive(root, windll.kernel32.GetDriveTypeW)
    return is_remote_kind(kind_of(root, ((each.mountpoint, each.fstype) for each in psutil.disk_partitions(all=True))))


def kind_of(root: PurePath, mounts: Iterable[Mount]) -> str:
    """The kind of file system that `root` lies on: the innermost mount, the last where one hides another."""
    holding = [(len(PurePath(point).parts), kind) for point, kind in mounts if root.is_relative_to(point)]
    return max(reversed(holding), key=lambda mount: mount[0], default=(0, ""))[1]


def is_remote_kind(kind: str) -> bool:
    """Whether a kind of file system is a share; a FUSE that nobody knows counts as one, as looking always works."""
    known = kind.lower()
    return known == "fuse" or (known.startswith(KINDS) and not known.startswith(LOCAL_FUSE))


def is_remote_drive(root: PurePath, drive_type: Callable[[str], int]) -> bool:
    r"""Windows: whether it is `\\server\share`, or a letter that stands for one."""
    return root.drive.startswith("\\\\") or drive_type(root.anchor) == DRIVE_REMOTE
