"""What is known of a capture besides its bytes: plate, well, channel and whatever else a name or a person tells."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field, StringConstraints

AttributeName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_.-]{0,63}$")]
WholeNumber = Annotated[int, Field(ge=-(2**63), lt=2**63)]
AttributeValue = bool | WholeNumber | Annotated[float, Field(allow_inf_nan=False)] | str
"""JSON's own kinds stay what they are: `3` is a number, `"3"` a text, `true` a yes."""
Attributes = dict[str, AttributeValue]


def wire_texts(attributes: Mapping[str, AttributeValue]) -> dict[str, str]:
    """Attributes as AiCSD's wire format and its selectors know them: texts, a yes or no in lower case."""
    return {name: _text(value) for name, value in attributes.items()}


def _text(value: AttributeValue) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
