"""Model packages: what model.toml says, whole files, encrypted ones, networks that fit, and the model card."""
