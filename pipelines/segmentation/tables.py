"""The table of objects as file: CSV for everybody, Parquet for data scientists."""

import csv
import importlib
import importlib.util
import io
import math
from typing import Any

from numpy.typing import NDArray

from pipelines.segmentation.errors import TableNeedsExtra
from pipelines.segmentation.measurements import ObjectTable


def as_csv(objects: ObjectTable) -> bytes:
    """Write objects as CSV (UTF-8, comma, point), with a header also when there are none; what is unknown is empty."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(objects.columns)
    writer.writerows(zip(*(_texts(column) for column in objects.columns.values()), strict=True))
    return text.getvalue().encode()


def as_parquet(objects: ObjectTable, source: str) -> bytes:
    """Write objects as Parquet; the file's metadata name the image and its pixel size.

    Raises:
        TableNeedsExtra: pyarrow is not installed.
    """
    require_parquet()
    pyarrow, parquet = importlib.import_module("pyarrow"), importlib.import_module("pyarrow.parquet")
    told = {"source": source}
    if objects.pixel_size_um is not None:
        told["pixel_size_um"] = repr(objects.pixel_size_um)
    columns = {name: pyarrow.array(values, from_pandas=True) for name, values in objects.columns.items()}
    sink = io.BytesIO()
    parquet.write_table(pyarrow.table(columns, metadata=told), sink)
    return sink.getvalue()


def require_parquet() -> None:
    """Look whether Parquet can be written here.

    Raises:
        TableNeedsExtra: pyarrow is not installed.
    """
    if importlib.util.find_spec("pyarrow") is None:
        raise TableNeedsExtra("Parquet needs the package pyarrow, which is not installed here.")


def _texts(column: NDArray[Any]) -> list[str]:
    values = column.tolist()
    if column.dtype.kind != "f":
        return [str(value) for value in values]
    return ["" if math.isnan(value) else f"{value:.7g}" for value in values]
