"""Counters of what was sent."""

from typing import Final

from prometheus_client import Counter

INPUTS_SENT: Final = Counter("labrelay_inputs_sent", "Inputs that the gateway has taken from this instrument")
INPUT_TROUBLES: Final = Counter("labrelay_input_troubles", "Inputs that could not be sent for good", ["code"])
RECEIPTS_TAKEN: Final = Counter("labrelay_receipts_taken", "Receipts passed on to the record")
