"""Counting: what the pipelines `nuclei` and `cells`, and any model of the user's own, have in common.

`Kind` tells one from another: topic, name and model. `Counting` is a kind with its loaded model: an image in, outputs
and an outcome out. `Station` holds it in the Bento's worker process beside the SDK's worker; `CountingBento` is the
BentoML service over it, and `Desk` answers the images that are posted there.
"""
