"""A share that hangs: a FUSE mount without a server behind it."""

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest


@contextmanager
def dead(root: Path) -> Iterator[Callable[[], None]]:
    """A share whose server never answers, as a hard NFS mount does; the function ends that with an error for all."""
    try:
        server = os.open("/dev/fuse", os.O_RDWR)
    except OSError:
        pytest.skip("no file system here that could hang")
    options = f"fd={server},rootmode=40000,user_id=0,group_id=0"
    command = ["mount", "-i", "-t", "fuse.sshfs", "-o", options, "dead", str(root)]
    if subprocess.run(command, check=False, capture_output=True, pass_fds=(server,)).returncode:
        os.close(server)
        pytest.skip("no right to mount a file system here")
    with ExitStack() as stack:
        stack.callback(subprocess.run, ["umount", "-l", str(root)], check=True)
        end = ExitStack()
        end.callback(os.close, server)
        stack.callback(end.close)
        yield end.close
