"""Two network namespaces joined by a pair of virtual network cards, as two machines by a cable."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import pytest

NO_RIGHTS = "needs rights to make network namespaces"


@dataclass(frozen=True)
class Namespace:
    """One side of the cable."""

    name: str
    card: str
    address: str

    @property
    def python(self) -> tuple[str, ...]:
        """An interpreter inside."""
        return ("ip", "netns", "exec", self.name, sys.executable)

    def run(self, *words: str) -> str:
        """What a module's command says inside."""
        done = subprocess.run([*self.python, "-m", *words], capture_output=True, text=True, check=True, timeout=120)
        return done.stdout

    def set_link(self, state: str) -> None:
        """Plug the cable in (`up`) or pull it out (`down`)."""
        _ip("-n", self.name, "link", "set", self.card, state)


@contextmanager
def two_namespaces() -> Iterator[tuple[Namespace, Namespace]]:
    """The instrument's machine and the gateway's; skips where that isn't allowed."""
    if shutil.which("ip") is None:
        pytest.skip("iproute2 isn't installed (tools/system-packages installs it)")
    mark, net = f"lr{os.getpid()}", f"10.231.{os.getpid() % 250}"
    near, far = Namespace(f"{mark}oem", f"{mark}a", f"{net}.1"), Namespace(f"{mark}gw", f"{mark}b", f"{net}.2")
    try:
        _make(near, far)
    except (OSError, subprocess.CalledProcessError) as error:
        _remove(near, far)
        told = error.stderr.strip() if isinstance(error, subprocess.CalledProcessError) else str(error)
        pytest.skip(f"{NO_RIGHTS}: {told}")
    try:
        yield near, far
    finally:
        _remove(near, far)


def _make(near: Namespace, far: Namespace) -> None:
    for each in (near, far):
        _ip("netns", "add", each.name)
    _ip("link", "add", near.card, "netns", near.name, "type", "veth", "peer", "name", far.card, "netns", far.name)
    for each in (near, far):
        _ip("-n", each.name, "address", "add", f"{each.address}/24", "dev", each.card)
        _ip("-n", each.name, "link", "set", "lo", "up")
        each.set_link("up")


def _remove(*namespaces: Namespace) -> None:
    for each in namespaces:
        with suppress(OSError, subprocess.CalledProcessError):
            _ip("netns", "delete", each.name)


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True, text=True, timeout=20)
