"""Captures: announced, matched, stored, ended."""
