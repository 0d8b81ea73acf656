"""Views of jobs that the lab keeps by name."""
