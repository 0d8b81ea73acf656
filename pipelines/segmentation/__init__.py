"""Instance segmentation: a model package, tiles, and objects from what the network predicts."""
