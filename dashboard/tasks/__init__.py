"""Tasks: which files go to which pipeline, tried on the newest files before they are stored."""
