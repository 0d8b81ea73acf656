"""Pipelines: images in, counts, masks and tables out."""

import sys

# `import openvino` alone reports the import to Google Analytics through this package, without asking. Laboratories
# work offline and in private: OpenVINO and NNCF do without it when it can't be imported.
sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
