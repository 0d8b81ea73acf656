"""Make a model package from labelled images: train, export, evaluate, compare."""
