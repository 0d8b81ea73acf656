"""The register: which tokens hold, as the job repository tells it, kept for a moment so that no call waits for it."""

import hmac
import threading
import time
from collections.abc import Callable, Mapping
from typing import Final

from labrelay.access.callers import Caller
from labrelay.access.tokens import parse_token
from labrelay.contracts.access import KnownToken, Roll

FRESH_S: Final = 2.0
"""A revoked token ends after so many seconds at the latest."""
NEW_S: Final = 0.1
"""A token that isn't known is asked for again after so many seconds: it may be new (who makes one waits so long)."""

Fetch = Callable[[Mapping[str, int]], Roll]
"""Tells when tokens were used (nanoseconds since 1970, by id), gets all that hold."""


class Register:
    """Knows the tokens that hold.

    Args:
        fetch: asks for the roll; blocks.
    """

    def __init__(self, fetch: Fetch) -> None:
        self._fetch = fetch
        self._lock = threading.Lock()
        self._used: dict[str, int] = {}
        self._known: Mapping[str, KnownToken] = {}
        self._read = float("-inf")

    def stale(self, token_id: str) -> bool:
        """Whether the roll must be fetched before this token is looked up."""
        age = time.monotonic() - self._read
        return age > FRESH_S or (token_id not in self._known and age > NEW_S)

    def refresh(self, token_id: str) -> None:
        """Fetch the roll if it is stale; those who come meanwhile wait for the same answer.

        Raises:
            ServiceUnavailable: the repository doesn't answer.
        """
        with self._lock:
            if not self.stale(token_id):
                return
            begun = time.monotonic()
            used, self._used = self._used, {}
            try:
                roll = self._fetch(dict(used))  # a copy: a call may note itself just now
            except BaseException:
                self._used = {**used, **self._used}
                raise
            self._known, self._read = {each.id: each for each in roll.tokens}, begun

    def holder(self, token_id: str) -> Caller | None:
        """Who holds a token; None when it doesn't hold (any more)."""
        known, now = self._known.get(token_id), time.time_ns()
        if known is None or (known.expires_ns is not None and now >= known.expires_ns):
            return None
        self._used[token_id] = now
        return Caller(known.role, known.subject, known.id)

    def bearer(self, text: str) -> Caller | None:
        """Who shows this token; None when it isn't one that holds."""
        token = parse_token(text)
        known = self._known.get(token.id) if token else None
        if token is None or known is None or not hmac.compare_digest(known.sha256, token.sha256):
            return None
        return self.holder(token.id)
