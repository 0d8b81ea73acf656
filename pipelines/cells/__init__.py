"""The cells pipeline: a U-Net on OpenVINO that finds, counts and measures cells in DIC and phase contrast images.

Run as `bentoml serve pipelines.cells.service:Cells`, alone or by `labrelay up`; README.md has the details.
"""
