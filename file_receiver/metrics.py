"""Counters of what arrived."""

from typing import Final

from prometheus_client import Counter

INPUT_BYTES: Final = Counter("labrelay_input_bytes", "Bytes of inputs written on the gateway")
INPUTS_STORED: Final = Counter("labrelay_inputs_stored", "Inputs verified and stored on the gateway")
INPUTS_REFUSED: Final = Counter("labrelay_inputs_refused", "Uploads that were refused or damaged", ["code"])
OUTPUT_BYTES: Final = Counter("labrelay_output_bytes", "Bytes of outputs written on the instrument's side")
JOBS_RECEIVED: Final = Counter("labrelay_jobs_received", "Jobs whose outputs stand on the instrument's side")
