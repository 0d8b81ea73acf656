"""What a marker file may be called."""

import re
from typing import Final

PLACEHOLDER: Final = re.compile(r"\{name\}|\{stem\}")


def refuse_marker(text: str) -> None:
    """Refuse a marker that no file can be.

    Raises:
        ValueError: it isn't a plain file name, or a file would be its own marker; the text says what to write.
    """
    own = PLACEHOLDER.sub("", text)
    if "/" in text or "\\" in text or text in ("", ".", ".."):
        raise ValueError(f"{text!r} is no plain file name; a marker lies beside its file, e.g. `{{name}}.done`")
    if "{" in own or "}" in own:
        raise ValueError(f"{text!r} has a placeholder that nobody knows; there are `{{name}}` and `{{stem}}`")
    if not own.strip("."):
        raise ValueError(f"with {text!r} every file would be its own marker; add an ending, e.g. `{{name}}.done`")
