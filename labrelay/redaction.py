"""Secrets never get into a text that people see: passwords in addresses, capabilities and tokens are blotted out."""

import re
from typing import Final

from structlog.typing import EventDict, WrappedLogger

BLOT: Final = "***"

_SECRET: Final = re.compile(
    r"""(?P<before>
        ://[^\s/:@"']*:                                      # user of an address, before its password
      | [?&](?:key|token|password|secret)=                   # query of a capability or of a database's address
      | \bBearer\s+
    )
    (?P<secret> (?<=:)[^\s/@"']+(?=@) | (?<=[=\s])[^\s&"'\\]+ )""",
    re.VERBOSE | re.IGNORECASE,
)


def redacted(text: str) -> str:
    """A text without the secrets in it.

    Args:
        text: anything that was written for people, e.g. a line of a log or settings as JSON.
    """
    return _SECRET.sub(rf"\g<before>{BLOT}", text)


def redact_event(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """A step of structlog: the same for every text of an event."""
    return {name: redacted(value) if isinstance(value, str) else value for name, value in event.items()}
