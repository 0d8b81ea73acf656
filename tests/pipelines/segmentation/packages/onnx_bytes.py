"""A minimal writer of ONNX: enough of its protobuf for networks of a few nodes, so that no library is needed for them.

Field numbers are those of onnx.proto3 (ModelProto, GraphProto, NodeProto, TensorProto, ValueInfoProto).
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_FLOAT = 1
Sizes = Sequence[int | str]


def bright_network(sizes: Sizes = ("n", 1, "h", "w"), gain: float = 20.0) -> bytes:
    """A user's model: `picture` in, `logits` out, above 0 where a pixel is brighter than 0.5."""
    numbers = {"gain": np.array([gain], np.float32), "offset": np.array([-gain / 2], np.float32)}
    nodes = [_node("Mul", ["picture", "gain"], "scaled"), _node("Add", ["scaled", "offset"], "logits")]
    graph = b"".join(_field(1, node) for node in nodes)
    graph += _field(2, "bright") + b"".join(_field(5, _tensor(name, value)) for name, value in numbers.items())
    graph += _field(11, _port("picture", sizes)) + _field(12, _port("logits", sizes))
    return _field(1, 8) + _field(7, graph) + _field(8, _field(1, "") + _field(2, 17))


def _node(kind: str, inputs: Sequence[str], output: str) -> bytes:
    return b"".join(_field(1, name) for name in inputs) + _field(2, output) + _field(4, kind)


def _tensor(name: str, values: NDArray[np.float32]) -> bytes:
    sizes = b"".join(_field(1, size) for size in values.shape)
    return sizes + _field(2, _FLOAT) + _field(8, name) + _field(9, values.astype("<f4").tobytes())


def _port(name: str, sizes: Sizes) -> bytes:
    shape = b"".join(_field(1, _field(2 if isinstance(size, str) else 1, size)) for size in sizes)
    return _field(1, name) + _field(2, _field(1, _field(1, _FLOAT) + _field(2, shape)))


def _field(number: int, value: int | str | bytes) -> bytes:
    if isinstance(value, int):
        return _varint(number << 3) + _varint(value)
    content = value.encode() if isinstance(value, str) else value
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def _varint(value: int) -> bytes:
    head, rest = value & 0x7F, value >> 7
    return bytes([head | 0x80]) + _varint(rest) if rest else bytes([head])
