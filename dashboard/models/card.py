"""A model's card (Markdown) as blocks for the page: headings, paragraphs, lists, tables and code; no markup passes."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

_CELLS: Final = re.compile(r"(?<!\\)\|")
_RULE: Final = re.compile(r"^[\s|:-]+$")
_ITEM: Final = re.compile(r"^\s*[-*]\s+")


@dataclass(frozen=True)
class Block:
    """One block; `kind` is `heading`, `text`, `list`, `table` (its first row the head) or `code`."""

    kind: str
    text: str = ""
    rows: tuple[tuple[str, ...], ...] = field(default=())


def blocks_of(card: str) -> list[Block]:
    """The blocks of a card, in their order."""
    return [_block(lines) for lines in _paragraphs(card)]


def _paragraphs(card: str) -> Iterator[list[str]]:
    held: list[str] = []
    fenced = False
    for line in card.splitlines():
        if line.startswith("```"):
            fenced = not fenced
        begins = line.startswith("#") or line.startswith("```") or (not fenced and not line.strip())
        if begins and held and not (line.startswith("```") and not fenced):
            yield held
            held = []
        if fenced or line.strip():
            held.append(line)
        if held and (held[0].startswith("#") or (line.startswith("```") and not fenced)):
            yield held
            held = []
    if held:
        yield held


def _block(lines: list[str]) -> Block:
    first = lines[0]
    if first.startswith("#"):
        return Block("heading", plain(first.lstrip("#")))
    if first.startswith("```"):
        return Block("code", "\n".join(line for line in lines if not line.startswith("```")))
    if first.lstrip().startswith("|"):
        rows = [line for line in lines if not _RULE.match(line)]
        return Block("table", rows=tuple(tuple(plain(cell) for cell in _cells(row)) for row in rows))
    if _ITEM.match(first):
        return Block("list", rows=tuple((item,) for item in _items(lines)))
    return Block("text", plain(" ".join(lines)))


def _cells(row: str) -> list[str]:
    return _CELLS.split(row.strip().strip("|"))


def _items(lines: list[str]) -> Iterator[str]:
    held = ""
    for line in lines:
        if _ITEM.match(line) and held:
            yield plain(held)
            held = ""
        held += " " + _ITEM.sub("", line).strip()
    yield plain(held)


def plain(text: str) -> str:
    """A line without its marks of emphasis and code."""
    return re.sub(r"\*\*|`", "", text).replace("\\|", "|").strip()
