"""Every kind of act that the product writes into the audit has words on the audit's page."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final, get_args

from dashboard.system.acts import ACTS
from job_repository.record.projection import AUDITED_STEPS
from labrelay.contracts.actions import ActionState
from task_launcher.switches import Mode

ROOT: Final = Path(__file__).parents[3]
ROOMS: Final = ("job_repository", "task_launcher")
OTHERS: Final = "told.kind"
"""What another service tells: found where that one says it."""
FILLED: Final[dict[str, frozenset[str]]] = {
    "f'action_{state}'": frozenset(f"action_{each}" for each in get_args(ActionState) if each != "previewed"),
    "f'pipeline_{mode.value}'": frozenset(f"pipeline_{each.value}" for each in Mode),
    "entry.step['step']": AUDITED_STEPS,
}


def modules() -> Iterator[ast.Module]:
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*.py")):
            yield ast.parse(path.read_text(encoding="utf-8"))


def calls(tree: ast.AST, *names: str) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and node.args and ast.unparse(node.func).endswith(names):
            yield node


def texts(node: ast.AST) -> set[str]:
    """What an expression may come to: `"a"`, `"a" if … else "b"`."""
    if isinstance(node, ast.IfExp):
        return texts(node.body) | texts(node.orelse)
    return {node.value} if isinstance(node, ast.Constant) and isinstance(node.value, str) else set()


def assigned(trees: list[ast.Module], name: str) -> set[str]:
    found: set[str] = set()
    for node in (each for tree in trees for each in ast.walk(tree)):
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value:
            found |= texts(node.value) if any(isinstance(t, ast.Name) and t.id == name for t in targets) else set()
    return found


def kinds_of(first: ast.expr, tree: ast.Module, trees: list[ast.Module]) -> set[str]:
    """The kinds that one place writes; empty where this test can't tell."""
    words = ast.unparse(first)
    if words == "f'retention_{verb}'":
        return {f"retention_{verb}" for call in calls(tree, "_act") for verb in texts(call.args[0])}
    if isinstance(first, ast.Name):
        told = {kind for call in calls(tree, "self._write") for kind in texts(call.args[0])}
        return assigned([tree], first.id) or told or assigned(trees, first.id)
    if isinstance(first, ast.Attribute) and words != OTHERS:
        return assigned(trees, first.attr)
    return set(FILLED.get(words, texts(first)))


def test_each_kind_of_act_that_the_code_writes_has_words() -> None:
    trees = list(modules())
    firsts = [(call.args[0], tree) for tree in trees for call in calls(tree, "Act", "acts.enter")]
    found = [(ast.unparse(first), kinds_of(first, tree, trees)) for first, tree in firsts]
    assert len(found) > 20, "the walk finds the places"
    assert [words for words, kinds in found if not kinds and words != OTHERS] == [], "teach this test what these are"
    written = set().union(*(kinds for _, kinds in found))
    assert {"action_running", "instrument_resumed", "task_deleted", "retention_kept", "pruned"} <= written
    assert sorted(written - ACTS.keys()) == []
    assert sorted(ACTS.keys() - written) == [], "words of what nobody writes"
