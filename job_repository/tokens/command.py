"""Tokens without a running gateway, for the command line: the first token must come from somewhere."""

from collections.abc import Iterator
from contextlib import contextmanager

from job_repository.record.audit import Audit
from job_repository.record.store import Record
from job_repository.tokens.store import Tokens
from labrelay.settings import Settings


@contextmanager
def opened(settings: Settings) -> Iterator[Tokens]:
    """The store of tokens, straight on the record; made where there is none yet.

    Raises:
        ServiceUnavailable: the record can't be reached.
    """
    record = Record(settings.record_url)
    try:
        settings.gateway_layout.secrets.mkdir(parents=True, exist_ok=True)
        record.open()
        yield Tokens(record, Audit(record, settings.gateway_layout.secrets))
    finally:
        record.close()
