"""Acts on many jobs: chosen on the list, previewed with exactly these jobs, begun, followed."""
