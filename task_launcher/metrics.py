"""What Prometheus sees of the launcher."""

from typing import Final

from prometheus_client import Counter, Gauge

LAUNCHES: Final = Counter("labrelay_launches_total", "Launches put on a carrier", ["pipeline", "carrier"])
CLAIMS: Final = Counter("labrelay_claims_total", "Claims given to workers", ["pipeline"])
CALLBACKS: Final = Counter("labrelay_callbacks_total", "Final statuses posted by pipelines", ["status"])
DEADLINES: Final = Counter("labrelay_deadlines_total", "Deadlines acted on", ["action"])
SEALED: Final = Counter("labrelay_sealed_outputs_total", "Outputs sealed")
SEALED_BYTES: Final = Counter("labrelay_sealed_bytes_total", "Bytes of sealed outputs")
EXPORT_FAILURES: Final = Counter("labrelay_result_export_failures_total", "Results that could not be exported", ["to"])
QUEUE: Final = Gauge("labrelay_pipeline_queue", "Jobs that wait for a launch", ["pipeline"])
OPEN: Final = Gauge("labrelay_pipeline_open", "Launches that are open", ["pipeline"])
