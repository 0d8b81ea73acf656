"""Finds the convolutions of an OpenVINO network that stand next to its input and its output."""

from collections.abc import Callable, Iterable
from typing import Any

import openvino as ov

_CONVOLUTIONS = ("Convolution", "ConvolutionBackpropData", "GroupConvolution", "GroupConvolutionBackpropData")


def first_convolutions(model: ov.Model) -> list[str]:
    """Names of the convolutions that no other stands before."""
    return _nearest(model.get_parameters(), _readers)


def last_convolutions(model: ov.Model) -> list[str]:
    """Names of the convolutions that no other stands behind: those that give the maps."""
    return _nearest(model.get_results(), _sources)


def _nearest(starts: Iterable[Any], neighbours: Callable[[Any], list[Any]]) -> list[str]:
    waiting, seen, found = list(starts), set[str](), list[str]()
    while waiting:
        node = waiting.pop()
        name = node.get_friendly_name()
        if name in seen:
            continue
        seen.add(name)
        if node.get_type_name() in _CONVOLUTIONS:
            found.append(name)
        else:
            waiting += neighbours(node)
    return sorted(found)


def _sources(node: Any) -> list[Any]:
    return [port.get_source_output().get_node() for port in node.inputs()]


def _readers(node: Any) -> list[Any]:
    return [port.get_node() for output in node.outputs() for port in output.get_target_inputs()]
