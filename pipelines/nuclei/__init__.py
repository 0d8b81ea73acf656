"""The nuclei pipeline: a U-Net on OpenVINO that finds, counts and measures nuclei, as a BentoML service.

Run as `bentoml serve pipelines.nuclei.service:Nuclei`, alone or by `labrelay up`; README.md has the details.
"""
