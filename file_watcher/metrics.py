"""What Prometheus may ask of the watcher."""

from prometheus_client import Counter, Gauge, Histogram

CONTENTS = Counter("labrelay_watcher_contents_total", "Finished contents written into the journal", ["folder"])
WAITING = Gauge("labrelay_watcher_waiting_files", "Files that aren't finished yet", ["folder"])
SCAN_SECONDS = Histogram("labrelay_watcher_scan_seconds", "Duration of a scan, in seconds", ["folder"])
OVERFLOWS = Counter("labrelay_watcher_overflows_total", "Times that the system lost events; a scan followed each")
