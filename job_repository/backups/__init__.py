"""Backups: the record, the settings and the launcher's switches in one checked file; needs nothing that runs."""
