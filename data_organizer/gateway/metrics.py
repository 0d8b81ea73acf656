"""What Prometheus may ask about pushes."""

from typing import Final

from prometheus_client import Counter

PUSHED: Final = Counter("labrelay_pushed", "Pushed files that became captures, repetitions too")
PUSHED_BYTES: Final = Counter("labrelay_pushed_bytes", "Bytes of pushed files written on the gateway")
PUSHES_REFUSED: Final = Counter("labrelay_pushes_refused", "Pushes that were refused or broke off", ["code"])
