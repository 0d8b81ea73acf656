"""The model package in the pipeline author's page is a whole one: with an ONNX file put in, it counts."""

import hashlib
import re
import tomllib
from pathlib import Path

from pipelines.images.reader import Image
from pipelines.segmentation.package import load_package
from pipelines.segmentation.packages.verify import verified
from pipelines.segmentation.segment import Segmenter
from tests.pipelines.segmentation.conftest import disc_field
from tests.pipelines.segmentation.packages.onnx_bytes import bright_network

PAGE = Path(__file__).parents[2] / "docs" / "pipeline-author.md"


def example() -> str:
    found = re.findall(r"```toml title=model.toml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert len(found) == 1
    return str(found[0])


def put_in(folder: Path, text: str) -> Path:
    content = bright_network()
    (folder / tomllib.loads(text)["files"]["model"]).write_bytes(content)
    (folder / "model.toml").write_text(
        text.replace("SHA-256 of the file", hashlib.sha256(content).hexdigest()), encoding="utf-8"
    )
    return folder


def test_the_model_toml_on_the_page_counts_with_an_onnx_file(tmp_path: Path) -> None:
    folder = put_in(tmp_path, example())
    assert all(check.well for check in verified(folder))
    pixels, count = disc_field((300, 420), 40)
    assert Segmenter(folder).segment(Image(pixels, None, "a.tif")).count == count


def test_what_is_commented_out_on_the_page_may_be_said(tmp_path: Path) -> None:
    said = re.sub(r"^# (channel_names|usual_diameter_um)", r"\1", example(), flags=re.MULTILINE)
    said = said.replace("channels = 1 ", "channels = 2 ")
    folder = put_in(tmp_path, said)
    assert load_package(folder).description.scale.usual_diameter_um == 60.0
