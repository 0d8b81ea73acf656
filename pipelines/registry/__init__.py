"""The registry of pipelines (10107): which there are, and who of them is alive."""
