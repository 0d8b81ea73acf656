"""Words for people in their language: one catalogue for pages, problem documents and AiCSD's wire format.

Messages stand in the code in English, marked by the names of gettext: `_("…")` where they are said, `N_("…")` where
they are only written down. `tools/words.py` collects them into `labrelay/locales`.
"""

import gettext
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from typing import Any, Final, Self

LOCALES: Final = Path(__file__).parent / "locales"
DOMAIN: Final = "labrelay"
ENGLISH: Final = "en"
LANGUAGES: Final = {ENGLISH: "English", "zh-Hans": "简体中文"}
"""Each language's tag (RFC 5646) and its own name for itself."""

LANGUAGE: Final[ContextVar[str]] = ContextVar("labrelay_language", default=ENGLISH)
"""The language that is spoken now: of one request, or of one message that is drawn."""


def _(message: str) -> str:
    """A message in the language that is spoken now; one without a translation stays as it is."""
    if isinstance(message, Told):
        return message.said
    return _catalogue(LANGUAGE.get()).gettext(message) if message else message


def N_(message: str) -> str:  # noqa: N802 - gettext's name
    """Only marks a message for the catalogue; `_` says it later."""
    return message


def ngettext(singular: str, plural: str, number: int) -> str:
    """A message that depends on a number, as the language counts."""
    return _catalogue(LANGUAGE.get()).ngettext(singular, plural, number)


class Told(str):
    """A message with what stands in it: in English as text, which is stored and sent; `_` draws it for each reader.

    Args:
        message: a literal; what stands in braces are names of parameters.
        parameters: what stands in it; may be messages of this kind.
    """

    parameters: dict[str, Any]
    message: str

    def __new__(cls, message: str, **parameters: Any) -> Self:
        """Put the English text together."""
        told = super().__new__(cls, message.format(**{name: _shown(value) for name, value in parameters.items()}))
        told.message, told.parameters = message, parameters
        return told

    @property
    def said(self) -> str:
        """It in the language that is spoken now."""
        drawn = {name: _(each) if isinstance(each, Told) else _shown(each) for name, each in self.parameters.items()}
        return self._spoken().format(**drawn)

    def _spoken(self) -> str:
        return _(self.message)


class Counted(Told):
    """A message that depends on a number, its parameter `n`."""

    plural: str

    def __new__(cls, singular: str, plural: str, *, n: int, **parameters: Any) -> Self:
        """Put the English text together."""
        told = super().__new__(cls, singular if n == 1 else plural, n=n, **parameters)
        told.message, told.plural = singular, plural
        return told

    def _spoken(self) -> str:
        return ngettext(self.message, self.plural, int(self.parameters["n"]))


def _shown(value: Any) -> Any:
    return f"{value:,}" if type(value) is int else value


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Say everything in this language until the block ends."""
    token = LANGUAGE.set(language if language in LANGUAGES else ENGLISH)
    try:
        yield
    finally:
        LANGUAGE.reset(token)


def preferred(accept_language: str) -> str | None:
    """The language that a reader likes best of those we know (`Accept-Language`, RFC 9110 section 12.5.4).

    Returns:
        A tag of `LANGUAGES`; None when the reader names none of them.
    """
    choices = []
    for place, choice in enumerate(accept_language.split(",")):
        tag, _, parameter = choice.partition(";")
        weight = _weight(parameter)
        if weight > 0 and (known := _known(tag.strip().lower())):
            choices.append((-weight, place, known))
    return min(choices)[2] if choices else None


def _known(tag: str) -> str | None:
    primary = tag.partition("-")[0]
    return next((each for each in LANGUAGES if each.lower() == tag or each.partition("-")[0] == primary), None)


def _weight(parameter: str) -> float:
    name, _, value = parameter.strip().partition("=")
    try:
        return float(value) if name == "q" else 1.0
    except ValueError:
        return 0.0


@cache
def _catalogue(language: str) -> gettext.NullTranslations:
    return gettext.translation(DOMAIN, LOCALES, [language.replace("-", "_")], fallback=True)
