"""Acts on many jobs: previewed, frozen, run."""
