"""What this machine computes with."""

import platform
from pathlib import Path
from typing import Any, Final

import openvino as ov

_SETS: Final = (
    "avx2",
    "avx512f",
    "avx_vnni",
    "avx512_vnni",
    "avx512_bf16",
    "avx512_fp16",
    "amx_bf16",
    "amx_int8",
    "asimd",
    "sve",
)
"""Instruction sets that decide how fast a network is, as Linux calls them."""


def processor() -> dict[str, Any]:
    """Name, instruction sets (of Linux; empty elsewhere) and what OpenVINO makes of them."""
    core = ov.Core()
    known = list(core.get_property("CPU", "OPTIMIZATION_CAPABILITIES"))
    return {
        "name": str(core.get_property("CPU", "FULL_DEVICE_NAME")),
        "machine": platform.machine(),
        "instructions": [name for name in _SETS if name in _flags()],
        "openvino": {"version": ov.__version__, "computes_in": known},
    }


def _flags() -> frozenset[str]:
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.is_file() else []
    marked = [line for line in lines if line.lower().startswith(("flags", "features"))]
    return frozenset(marked[0].partition(":")[2].split()) if marked else frozenset()
