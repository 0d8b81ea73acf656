"""What a worker counts, for Prometheus."""

from prometheus_client import Counter, Gauge, Histogram

ATTEMPTS = Counter("labrelay_pipeline_attempts", "Attempts by how they ended", ["pipeline", "ending"])
SECONDS = Histogram(
    "labrelay_pipeline_seconds",
    "From the claim to the accepted status, in seconds",
    ["pipeline"],
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 600),
)
BUSY = Gauge("labrelay_pipeline_busy", "Jobs in work now", ["pipeline"], multiprocess_mode="livesum")
LEFT_ALONE = Counter("labrelay_pipeline_functions_left_alone", "Functions that never came back", ["pipeline"])
