"""Turns by name: each name has its own line, in order; nobody waits in another's."""

import asyncio

import pytest

from labrelay.http.turns import Turns


async def _go(turns: Turns, name: str, seen: list[str], goes_on: asyncio.Event) -> None:
    async with turns.of(name):
        seen.append(name)
        await goes_on.wait()


def test_more_than_its_share_waits_and_another_goes_past() -> None:
    async def run() -> tuple[list[str], list[str]]:
        turns, seen, goes_on = Turns(2), list[str](), asyncio.Event()
        flood = [asyncio.create_task(_go(turns, "flood", seen, goes_on)) for _ in range(5)]
        await asyncio.sleep(0)
        quiet = asyncio.create_task(_go(turns, "quiet", seen, goes_on))
        for _ in range(3):
            await asyncio.sleep(0)
        before = list(seen)
        goes_on.set()
        await asyncio.gather(*flood, quiet)
        return before, seen

    before, after = asyncio.run(run())
    assert before == ["flood", "flood", "quiet"]
    assert sorted(after) == ["flood"] * 5 + ["quiet"]


def test_a_turn_that_fails_or_is_given_up_leaves_its_place() -> None:
    async def run() -> Turns:
        turns, seen, goes_on = Turns(1), list[str](), asyncio.Event()
        with pytest.raises(ValueError, match="broken"):
            async with turns.of("a"):
                raise ValueError("broken")
        first = asyncio.create_task(_go(turns, "a", seen, goes_on))
        second = asyncio.create_task(_go(turns, "a", seen, goes_on))
        await asyncio.sleep(0)
        second.cancel()
        goes_on.set()
        await first
        await asyncio.gather(second, return_exceptions=True)
        assert seen == ["a"]
        return turns

    turns = asyncio.run(run())
    assert (turns._gates, turns._here) == ({}, {})
