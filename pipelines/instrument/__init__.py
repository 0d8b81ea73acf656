"""Instrument simulator: plates of synthetic nuclei images with known true counts.

The flow: `specimen` grows nuclei and `debris` scatters what is none, `optics` turns both into what a camera would see,
`field` joins them to one image with its truth, `plate` says which images a plate has and how a vendor names them,
`writer` writes them as a plate reader does (slowly, in chunks), and `truth` keeps the counts where no pipeline looks.
`slips` go wrong on purpose.
"""

from pipelines.instrument.field import Field, FieldOptions, make_field
from pipelines.instrument.plate import Order, Plate, Shot, Vendor
from pipelines.instrument.truth import read_truth
from pipelines.instrument.writer import WriterOptions, WrittenImage, write_plate

__all__ = [
    "Field",
    "FieldOptions",
    "Order",
    "Plate",
    "Shot",
    "Vendor",
    "WriterOptions",
    "WrittenImage",
    "make_field",
    "read_truth",
    "write_plate",
]
