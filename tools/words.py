"""`python tools/words.py`: collects all words for people into the catalogues of `labrelay/locales`, and compiles them.

`--check` changes nothing and fails when a catalogue lacks a word, has one that nobody says, or isn't compiled.
"""

import argparse
import ast
import io
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, TypeGuard

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from labrelay.words import DOMAIN, ENGLISH, LANGUAGES, LOCALES

ROOT: Final = Path(__file__).parents[1]
ROOMS: Final = (
    "labrelay",
    "dashboard",
    "job_repository",
    "task_launcher",
    "file_receiver",
    "file_sender",
    "data_organizer",
)
ADVISING: Final = (*ROOMS, "file_watcher", "pipelines")
"""Where errors are made."""
METHODS: Final = [("**.py", "python"), ("**.html", "jinja2.ext:babel_extract")]
OPTIONS: Final = {"**.html": {"trimmed": "true", "silent": "false"}}
ANY_DAY: Final = datetime(2026, 1, 1, tzinfo=UTC)
"""The same words give the same bytes."""
KEYWORDS: Final = {"_": None, "N_": None, "gettext": None, "ngettext": (1, 2), "Told": None, "Counted": (1, 2)}


def said() -> Catalog:
    """All that the code and the templates say, and what every error tells people."""
    catalog = Catalog(project=DOMAIN, charset="utf-8", fuzzy=False)
    for room in ROOMS:
        for file, _, message, comments, context in extract_from_dir(
            ROOT / room, METHODS, OPTIONS, keywords=KEYWORDS, comment_tags=()
        ):
            catalog.add(message, locations=[(f"{room}/{file}", 0)], auto_comments=comments, context=context)
    for message in next_steps():
        catalog.add(message, locations=[("docs/errors.md", 0)])
    return catalog


def next_steps() -> Iterator[str]:
    """What errors advise: the default of each class, and what is written out where one is raised."""
    for room in ADVISING:
        for file in sorted((ROOT / room).rglob("*.py")):
            for node in ast.walk(ast.parse(file.read_bytes())):
                if _advises(node):
                    yield from _literal(node.value)


def _advises(node: ast.AST) -> TypeGuard[ast.keyword | ast.Assign | ast.AnnAssign]:
    if isinstance(node, ast.keyword):
        return node.arg == "next_step"
    return isinstance(node, ast.Assign | ast.AnnAssign) and _assigned(node) == "default_next_step"


def _assigned(node: ast.Assign | ast.AnnAssign) -> str:
    target = node.targets[0] if isinstance(node, ast.Assign) else node.target
    return target.id if isinstance(target, ast.Name) else ""


def _literal(node: ast.expr | None) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value:
        yield node.value


def catalogues() -> Iterator[tuple[str, Path]]:
    """Each language but English with the file of its catalogue."""
    for language in LANGUAGES:
        if language != ENGLISH:
            locale = language.replace("-", "_")
            yield locale, LOCALES / locale / "LC_MESSAGES" / f"{DOMAIN}.po"


def merged(locale: str, file: Path, template: Catalog) -> Catalog:
    """A language's catalogue with today's words; a new one is empty, one that nobody says any more goes."""
    catalog = read_po(io.BytesIO(file.read_bytes()), locale=locale) if file.exists() else Catalog(locale, DOMAIN)
    catalog.update(template, no_fuzzy_matching=True)
    catalog.obsolete.clear()
    catalog.project, catalog.version, catalog.fuzzy = DOMAIN, "1", False
    catalog.creation_date = catalog.revision_date = ANY_DAY
    catalog.header_comment = "# What labrelay says to people. Made by tools/words.py; the translations are edited here."
    return catalog


def compiled(catalog: Catalog) -> bytes:
    """The catalogue as gettext reads it."""
    out = io.BytesIO()
    write_mo(out, catalog)
    return out.getvalue()


def written(catalog: Catalog) -> bytes:
    """The catalogue as people edit it; without moments and line numbers, so that a change shows what changed."""
    out = io.BytesIO()
    write_po(out, catalog, width=120, omit_header=False, no_location=True, sort_output=True)
    return b"\n".join(
        line for line in out.getvalue().split(b"\n") if b"-Date: " not in line and b"Generated-By" not in line
    )


def problems(locale: str, file: Path, template: Catalog) -> Iterator[str]:
    """What a catalogue lacks."""
    catalog = merged(locale, file, template)
    for message in catalog:
        texts = message.string if isinstance(message.string, tuple) else (message.string,)
        if message.id and not all(texts):
            yield f"{locale}: no word for {message.id!r}"
        yield from (f"{locale}: {message.id!r}: {error}" for error in message.check())
    if not file.with_suffix(".mo").exists() or file.with_suffix(".mo").read_bytes() != compiled(catalog):
        yield f"{locale}: not compiled: python tools/words.py"


def main() -> int:
    """Write the catalogues, or check them."""
    parser = argparse.ArgumentParser(prog="python tools/words.py", description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing; fail when something is missing")
    check, template = parser.parse_args().check, said()
    found: list[str] = []
    for locale, file in catalogues():
        if not check:
            file.parent.mkdir(parents=True, exist_ok=True)
            catalog = merged(locale, file, template)
            file.write_bytes(written(catalog))
            file.with_suffix(".mo").write_bytes(compiled(catalog))
        found += problems(locale, file, template)
    sys.stdout.writelines(f"{line}\n" for line in found)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
