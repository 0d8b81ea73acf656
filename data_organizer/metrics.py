"""What Prometheus may ask of the organizer."""

from prometheus_client import Counter

ANNOUNCED = Counter("labrelay_organizer_announced_total", "Announcements that the gateway accepted")
REFUSED = Counter("labrelay_organizer_refused_total", "Announcements that the gateway refused")
