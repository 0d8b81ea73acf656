"""What a page shows or a button does, as a line for the shell: nothing here can be done on pages alone."""

import json
import shlex
from collections.abc import Mapping, Sequence
from typing import Any


def curl(
    url: str,
    method: str = "GET",
    body: Mapping[str, Any] | None = None,
    *,
    token: bool,
    options: Sequence[str] = (),
) -> str:
    """A call of the documented API as a `curl` command for a POSIX shell.

    Args:
        url: the whole address.
        method: the HTTP method.
        body: what is sent as JSON.
        token: whether the gateway asks for one; it is then read from `LABRELAY_TOKEN`.
        options: of curl's own, as `-N` for a stream.
    """
    plain = method == "GET" or (method == "POST" and body is not None)
    words = ["curl", "-sS", *(() if plain else ("-X", method)), *options]
    line = shlex.join(words)
    if token:
        line += ' -H "Authorization: Bearer $LABRELAY_TOKEN"'
    if body is not None:
        line += f" --json {shlex.quote(json.dumps(body, ensure_ascii=False))}"
    return f"{line} {shlex.quote(url)}"
