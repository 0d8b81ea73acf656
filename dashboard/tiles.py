"""A job's tile as pages show it: with the words, the letter and the times that stand in a row or a well."""

from typing import Any

from dashboard.quantities import duration, moment
from dashboard.states import LOOKS, STATE_OF, WORDS
from labrelay.contracts.states import Stage
from labrelay.contracts.tiles import Tile
from labrelay.words import _


def drawn(tile: Tile) -> dict[str, Any]:
    """The tile as JSON, in the language that is spoken now; members without content are left out.

    Besides the tile's own members: `state` (one of `State`) with its `letter`, `words` of the stage, `note` (why it
    failed, or what it waits for), `took` of a final job, `at` (`iso` and `text` of the newest step).
    """
    state, at = STATE_OF[tile.stage], moment(tile.updated_ns)
    shown = {
        **tile.model_dump(mode="json", exclude={"cause", "flags"}),
        "flags": list(tile.flags),
        "state": state.value,
        "letter": LOOKS[state].letter,
        "words": _(WORDS[tile.stage]),
        "note": tile.cause if tile.stage is Stage.FAILED or not tile.final else "",
        "took": duration(tile.updated_ns - tile.created_ns) if tile.final else "",
        "at": {"iso": at.iso, "text": at.text},
    }
    return {name: value for name, value in shown.items() if value or (value == 0 and value is not False)}
