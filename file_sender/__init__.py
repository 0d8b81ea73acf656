"""Sends files: inputs from the instrument's side (`oem`), outputs from the gateway (`gateway`)."""
