"""AiCSD's attribute parser: its own test vectors, its quirks, and that no name makes it fail."""

from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labrelay.errors import SettingsInvalid
from labrelay.plates.aicsd import AttributeParser
from labrelay.settings.model import AttributeRule

Kind = Literal["bool", "int", "string"]
KINDS: tuple[Kind, ...] = ("bool", "int", "string")


def parse(name: str, **rules: Kind) -> dict[str, str]:
    return AttributeParser({key: AttributeRule(id=key, type=kind) for key, kind in rules.items()}).parse(name)


def test_bool_vector() -> None:
    assert parse("c-ch.tiff", r="bool", c="bool", ch="bool") == {"r": "false", "c": "true", "ch": "true"}


def test_int_vector() -> None:
    assert parse("r0c2ch003-extra.tiff", r="int", c="int", ch="int") == {"r": "0", "c": "2", "ch": "3"}


def test_string_vector() -> None:
    found = parse("r-one-c-two-ch-three.tiff", r="string", c="string", ch="string")
    assert found == {"r": "one", "c": "two", "ch": "three"}


def test_mixed_vector() -> None:
    rules: dict[str, Kind] = {
        "r": "int",
        "c": "int",
        "f": "string",
        "p": "int",
        "ch": "string",
        "true": "bool",
        "false": "bool",
    }
    found = parse("r15c007f-test-p0-ch-television-true.tiff", **rules)
    assert list(found.values()) == ["15", "7", "test", "0", "television", "true", "false"]


def test_nothing_is_found_in_a_name_without_values() -> None:
    assert parse("nothing.tiff", r="int", c="int", ch="int") == {}


def test_the_attribute_is_called_as_in_the_settings() -> None:
    rules = {"row": AttributeRule(id="r", type="int"), "column": AttributeRule(id="c", type="int")}
    assert AttributeParser(rules).parse("r8-c5.tiff") == {"row": "8", "column": "5"}


@pytest.mark.parametrize(
    ("name", "kind", "value"),
    [
        ("op000.tiff", "int", "0"),
        ("op007.tiff", "int", "7"),
        ("shop12.tiff", "int", "12"),
        ("OP12.tiff", "int", None),
        ("op-1-op7.tiff", "int", "7"),
        ("op-Bob-1.tiff", "string", None),
        ("op_bob.tiff", "string", None),
        ("op-bob7.tiff", "string", "bob"),
        ("op-boB.tiff", "string", "bo"),
        ("op.tiff", "bool", "true"),
        ("xop.tiff", "bool", "false"),
        ("Xop.tiff", "bool", "true"),
        ("x_op_.tiff", "bool", "true"),
    ],
)
def test_quirks_are_kept(name: str, kind: Kind, value: str | None) -> None:
    assert parse(name, op=kind).get("op") == value


def test_an_id_is_a_regular_expression() -> None:
    assert AttributeParser({"n": AttributeRule(id="r|c", type="int")}).parse("c4.tif") == {"n": "4"}


def test_an_id_that_is_no_regular_expression_names_its_setting() -> None:
    with pytest.raises(SettingsInvalid, match=r"oem\.attributes\.row\.id"):
        AttributeParser({"row": AttributeRule(id="r(", type="int")})


@given(st.text(st.characters(exclude_categories=[])), st.sampled_from(KINDS))
def test_no_name_makes_it_fail(name: str, kind: Kind) -> None:
    found = parse(name, r=kind)
    assert all(isinstance(value, str) for value in found.values())
    assert kind != "bool" or found["r"] in ("true", "false")


@given(st.integers(min_value=0, max_value=10**12), st.integers(min_value=0, max_value=5))
def test_a_number_is_read_whatever_its_leading_zeros(number: int, zeros: int) -> None:
    assert parse(f"w{'0' * zeros}{number}.tif", w="int") == {"w": str(number)}
