from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labrelay.selectors import SelectorInvalid, parse_selector, selects

DATA = {"InputFile": {"Name": "plate1_A01.tif", "Attributes": {"row": "3", "Operator": "Ada"}}, "n": 7}


@pytest.mark.parametrize(
    ("selector", "taken"),
    [
        (True, True),
        (False, False),
        ({"==": [{"var": "InputFile.Name"}, "plate1_A01.tif"]}, True),
        ({"in": ["A01", {"var": "InputFile.Name"}]}, True),
        ({"in": ["a01", {"var": "InputFile.Name"}]}, False),
        ({"in": [{"var": "n"}, [1, [5, 9]]]}, True),
        ({"in": [{"var": "n"}, [1, [8, 9]]]}, False),
        ({"in_sorted": [{"var": "n"}, [1, 7]]}, True),
        ({"==": [{"abs": -7}, {"var": "n"}]}, True),
        ({"==": [{"cat": [" a", "b "]}, "ab"]}, True),
        ({"<": [1, {"var": "n"}, 9]}, True),
        ({"?:": [True, 1, 0]}, True),
        ({"missing": ["n"]}, None),
        ({"none": [[1, 2], {"==": [{"var": ""}, 3]}]}, True),
        ({"var": "InputFile.Attributes.Operator"}, None),
        ({"var": "nothing"}, None),
        ({"nonsense": [1]}, None),
        ({"+": [1, 1]}, None),
    ],
)
def test_selectors_answer_as_in_aicsd(selector: Any, taken: bool | None) -> None:
    if taken is None:
        with pytest.raises(SelectorInvalid):
            selects(selector, DATA)
    else:
        assert selects(selector, DATA) is taken


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["var", "in", "==", "if", "map", "x", "reduce", "<"]), inner, max_size=2)
    ),
    max_leaves=8,
)


@given(JSON)
def test_no_selector_does_anything_but_answer_or_be_refused(selector: Any) -> None:
    with suppress(SelectorInvalid):
        assert selects(selector, DATA) in (True, False)


def test_text_that_is_no_json_is_refused() -> None:
    with pytest.raises(SelectorInvalid, match="isn't JSON"):
        parse_selector("{")


def nested(depth: int) -> Any:
    selector: Any = True
    for _ in range(depth):
        selector = {"!": [selector]}
    return selector


BOMBS: list[Any] = [
    {"reduce": [list(range(60)), {"cat": [{"var": "accumulator"}, {"var": "accumulator"}]}, "a"]},
    {"reduce": [list(range(60)), {"*": [{"var": "accumulator"}, {"var": "accumulator"}]}, 3]},
    {"reduce": [list(range(60)), {"merge": [{"var": "accumulator"}, {"var": "accumulator"}]}, [1]]},
    {"map": [list(range(300)), {"map": [list(range(300)), {"map": [list(range(300)), 1]}]}]},
    {"all": [list(range(400)), {"all": [list(range(400)), {"<": [1, 2]}]}]},
    nested(200),
    nested(20_000),
    {"==": [float("nan"), 1]},
    {"in": ["a", ["b"] * 100_000]},
]


@pytest.mark.parametrize("bomb", BOMBS, ids=range(len(BOMBS)))
@pytest.mark.timeout(20)
def test_a_selector_that_explodes_is_broken_and_costs_nothing(bomb: Any) -> None:
    with pytest.raises(SelectorInvalid) as refused:
        selects(bomb, DATA)
    assert len(refused.value.cause) < 1_000


def test_a_text_of_brackets_is_no_selector() -> None:
    with pytest.raises(SelectorInvalid):
        parse_selector("[" * 200_000)


def test_each_question_has_all_its_steps() -> None:
    busy = {"all": [list(range(100)), {"all": [list(range(100)), {"<": [1, 2]}]}]}
    assert all(selects(busy, DATA) for _ in range(3))
