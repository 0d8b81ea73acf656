"""What the doctor and Prometheus ask."""
