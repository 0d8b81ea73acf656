"""Capability URLs: whoever holds one may do one thing to one attempt of one job, and nothing else."""

import hmac
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from labrelay.errors import Forbidden


@dataclass(frozen=True)
class Fence:
    """The attempt that a capability is good for, as it stands in the URL: `attempt=<epoch>.<attempt>`."""

    job_id: str
    task_id: str
    epoch: int
    attempt: int

    @property
    def text(self) -> str:
        """Value of the `attempt` query parameter."""
        return f"{self.epoch}.{self.attempt}"


def parse_fence(job_id: str, task_id: str, text: str) -> Fence:
    """The fence in a query parameter.

    Raises:
        Forbidden: it isn't `<epoch>.<attempt>`.
    """
    epoch, _, attempt = text.partition(".")
    numbers = [int(each) for each in (epoch, attempt) if each.isdecimal()]
    fence = Fence(job_id, task_id, *(numbers if len(numbers) == 2 else (0, 0)))
    if len(numbers) != 2 or fence.text != text:  # one way to write it only: no leading zeros, no other script's digits
        raise Forbidden("The callback URL was changed: its attempt can't be read.")
    return fence


def load_key(folder: Path, name: str = "callback.key") -> bytes:
    """A key of this side (the gateway's callback key), made at first use, readable by its owner alone."""
    path = folder / name
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        fresh = path.with_suffix(f".{secrets.token_hex(4)}")
        fresh.touch(mode=0o600)
        with fresh.open("w") as stream:
            stream.write(secrets.token_hex(32))
            stream.flush()
            os.fsync(stream.fileno())
        try:
            path.hardlink_to(fresh)  # the first of several processes wins
        except FileExistsError:
            pass
        except OSError:  # a disk without links (exFAT)
            fresh.replace(path)
        finally:
            fresh.unlink(missing_ok=True)
    return bytes.fromhex(path.read_text())


def sign(key: bytes, fence: Fence) -> str:
    """The `key` query parameter for a fence: HMAC-SHA-256, hex."""
    message = f"{fence.job_id}/{fence.task_id}/{fence.text}"
    return hmac.digest(key, message.encode(), "sha256").hex()


def verify(key: bytes, fence: Fence, signature: str) -> None:
    """Check a callback's capability.

    Raises:
        Forbidden: the signature doesn't belong to this attempt.
    """
    if not hmac.compare_digest(sign(key, fence), signature):
        raise Forbidden("The callback URL isn't one that labrelay gave out.")


def query(key: bytes, fence: Fence) -> str:
    """The query string of a capability URL."""
    return f"attempt={fence.text}&key={sign(key, fence)}"
