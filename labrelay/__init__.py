"""labrelay: from a dropped plate to counted results beside the instrument.

This package is the shared kernel: contracts, errors, settings, bus, HTTP kit, file kit, telemetry, CLI and supervisor.
Services import only this package and themselves; it imports no service (the supervisor loads them by name).
"""

__version__ = "0.1.0"
