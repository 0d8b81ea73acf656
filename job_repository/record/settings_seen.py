"""Settings on record: at each start those that hold now are compared with those of the last one."""

import hashlib
import hmac
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from job_repository.record.audit import Act, Audit, head_of
from job_repository.record.store import Record
from labrelay.capability import load_key
from labrelay.errors import ServiceUnavailable
from labrelay.files import publish_bytes
from labrelay.layout import GatewayLayout
from labrelay.redaction import BLOT, redacted
from labrelay.settings import Settings
from labrelay.telemetry import logger

KIND: Final = "settings_changed"
SEEN: Final = "settings.seen"
KEY: Final = "settings.key"
SHOWN: Final = 8
SECRET_PATHS: Final = frozenset({"alarms.webhook.url"})
"""Addresses whose path is often the secret itself."""
_log = logger("job_repository.record.settings")


def note_settings(record: Record, chain: Audit, settings: Settings, layout: GatewayLayout) -> None:
    """Enter into the audit what has changed since the last start, as far as that is known here.

    What held last lies beside the gateway's keys. Where it is missing and the record isn't new, the row says that
    nobody can tell what they were: so taking the file away hides nothing. A record that can't be written now is no
    reason not to start: the next start compares with the same file.
    """
    file = layout.secrets / SEEN
    now, before = shown(settings, load_key(layout.secrets, KEY)), _last(file)
    told = {key: [before.get(key), now.get(key)] for key in sorted({*before, *now}) if before.get(key) != now.get(key)}
    try:
        if before and told:
            chain.enter(Act(KIND, "settings", "gateway", {"changed": told}))
        elif not before and _begun(record):
            chain.enter(Act(KIND, "settings", "gateway", {"changed": {}, "before": "unknown", "settings": now}))
        if told:
            publish_bytes(json.dumps(now, indent=1).encode(), file)
            file.chmod(0o600)
    except (ServiceUnavailable, OSError) as full:
        _log.warning("changed settings aren't on record yet", cause=str(full))


def shown(settings: Settings, key: bytes) -> dict[str, Any]:
    """Each setting by its full name; of a secret only its place and a mark that tells one from another.

    Args:
        settings: those that hold.
        key: of the marks; without it nobody can try out which secret gives a mark.
    """
    return {name: _masked(name, value, key) for name, value in _flat("", settings.model_dump(mode="json"))}


def _flat(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    parts = enumerate(value) if isinstance(value, list) else value.items() if isinstance(value, dict) else None
    if parts is None:
        yield name, value
        return
    for part, inner in parts:
        yield from _flat(f"{name}.{part}" if name else str(part), inner)


def _masked(name: str, value: Any, key: bytes) -> Any:
    if not isinstance(value, str) or not value:
        return value
    told = f"{urlsplit(value).hostname} {BLOT}" if name in SECRET_PATHS else redacted(value)
    if told == value:
        return value
    mark = hmac.new(key, value.encode(), hashlib.sha256).hexdigest()[:SHOWN]
    return f"{told} ({mark})"


def _last(file: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(file.read_bytes()))
    except (OSError, ValueError):
        return {}


def _begun(record: Record) -> bool:
    with record.read() as connection:
        return head_of(connection).number > 0
