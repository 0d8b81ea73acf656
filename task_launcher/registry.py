"""Which pipelines are alive, as the pipeline registry tells; not knowing is an answer too."""

import threading
import time
from typing import Any, Final

from labrelay.errors import LabrelayError
from labrelay.http.client import Client

KEEP_S: Final = 5.0
ABSENT: Final = frozenset({"silent", "offline", "absent", "dead", "stopped"})


class Registry:
    """A cached view of the registry.

    Args:
        client: calls to the registry.
        keep_s: seconds for which an answer, or its absence, is good.
    """

    def __init__(self, client: Client, keep_s: float = KEEP_S) -> None:
        self._client = client
        self._keep_s = keep_s
        self._lock = threading.Lock()
        self._asked = float("-inf")
        self._topics: frozenset[str] | None = None

    def topics(self) -> frozenset[str] | None:
        """Topics of the pipelines that are alive; None when the registry doesn't tell."""
        with self._lock:
            if time.monotonic() - self._asked > self._keep_s:
                self._topics = self._ask()
                self._asked = time.monotonic()
            return self._topics

    def alive(self, topic: str) -> bool | None:
        """Whether a pipeline takes launches from `topic`; None when nobody knows."""
        topics = self.topics()
        return None if topics is None else topic in topics

    def _ask(self) -> frozenset[str] | None:
        try:
            rows = self._client.get("/api/v1/pipelines", read_s=2.0)
        except (LabrelayError, ValueError):
            return None
        return frozenset(_topic(row) for row in rows if _present(row))


def _topic(row: dict[str, Any]) -> str:
    return str(row.get("subscriptionTopic") or row.get("SubscriptionTopic") or "")


def _present(row: Any) -> bool:
    return isinstance(row, dict) and str(row.get("status", "")).lower() not in ABSENT
