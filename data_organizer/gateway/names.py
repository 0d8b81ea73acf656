"""Where a pushed file belongs, and what is said of it beside its bytes: checked before the first byte is taken."""

import re
import unicodedata
from typing import Annotated, Final
from urllib.parse import unquote_to_bytes

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError
from starlette.requests import Request

from labrelay.contracts.captures import InstrumentId
from labrelay.errors import Unprocessable

LONGEST_PATH: Final = 1024
LONGEST_PART: Final = 200
"""Bytes of UTF-8: file systems take 255, and pipelines add endings of their own."""
MOST_ATTRIBUTES: Final = 64
UNPRINTABLE: Final = frozenset({"Cc", "Cs", "Zl", "Zp"})


def checked_path(path: str) -> str:
    """A path that stays below its folder on every system, with `/` between its parts.

    Raises:
        PydanticCustomError: says what is wrong with it.
    """
    parts = path.split("/")
    wrong = next((text for text, found in _faults(path, parts) if found), None)
    if wrong:
        raise PydanticCustomError("path", "{wrong}", {"wrong": wrong})
    return path


def _faults(path: str, parts: list[str]) -> list[tuple[str, bool]]:
    return [
        ("the path has a control character", is_unprintable(path)),
        ("the path begins or ends with `/`, or a folder in it has no name", "" in parts),
        ("the path leads through `.` or `..`", any(part.strip() in (".", "..") for part in parts)),
        ("the path has a backslash; write `/`", "\\" in path),
        ("the path begins with a drive", re.match(r"[A-Za-z]:", path) is not None),
        ("a name in the path is only blanks", any(not part.strip() for part in parts)),
        (f"the path is longer than {LONGEST_PATH} characters", len(path) > LONGEST_PATH),
        (f"a name in the path is longer than {LONGEST_PART} bytes", any(map(_is_long, parts))),
    ]


def _is_long(part: str) -> bool:
    return len(part.encode("utf-8", "surrogatepass")) > LONGEST_PART


def is_unprintable(text: str) -> bool:
    """Whether a text holds control characters or line separators."""
    return any(unicodedata.category(character) in UNPRINTABLE for character in text)


class PushQuery(BaseModel):
    """The query of a push; unknown parameters are refused, so that a typing error never passes silently."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: Annotated[
        str,
        Field(description="where the file belongs below `folder`, percent-encoded UTF-8, e.g. `plate%201/A01.tif`"),
        AfterValidator(checked_path),
    ]
    instrument: Annotated[InstrumentId, Field(description="who pushes")] = "push"
    folder: Annotated[
        str,
        Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$", description="one of the instrument's collections"),
    ] = "push"
    attribute: Annotated[
        list[str],
        Field(
            max_length=MOST_ATTRIBUTES,
            description="`name=value`, repeatable, over those of the name; `true`, `false` and numbers as JSON writes "
            'them keep their kind, all else is text, and so is what stands in quotes (`"0.5"`)',
        ),
    ] = []
    must_match: Annotated[bool, Field(description="that no task takes the file is a failure")] = False


def check_query(request: Request) -> None:
    """Refuse a query that can be read in two ways.

    Raises:
        Unprocessable: it isn't UTF-8, or names a parameter twice that has one value.
    """
    try:
        unquote_to_bytes(request.scope["query_string"]).decode("utf-8")
    except UnicodeDecodeError as error:
        raise Unprocessable(
            "The query isn't UTF-8.", next_step="Percent-encode the bytes of the UTF-8 text."
        ) from error
    names = [name for name, _ in request.query_params.multi_items() if name != "attribute"]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise Unprocessable(f"{', '.join(sorted(twice))} is given more than once.")
