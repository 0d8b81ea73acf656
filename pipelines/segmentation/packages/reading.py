"""Reads a package's network into memory, decrypted if need be, and makes it fit."""

from pathlib import Path

import openvino as ov

from pipelines.segmentation.errors import ModelPackageInvalid
from pipelines.segmentation.package import ModelPackage
from pipelines.segmentation.packages.fitting import fitted


def read_network(core: ov.Core, package: ModelPackage) -> ov.Model:
    """The network as `fitting.fitted` makes it: input `image`, output `prediction`, any height and width.

    Raises:
        ModelPackageInvalid: OpenVINO can't read it, it doesn't fit model.toml, or it has changed.
        ModelKeyMissing: The package is encrypted, and there is no key.
        ModelKeyWrong: It was encrypted with another key.
    """
    return fitted(read_as_it_is(core, package), package.description)


def read_as_it_is(core: ov.Core, package: ModelPackage) -> ov.Model:
    """The network with the ports, sizes and types that it was exported with.

    Raises:
        ModelPackageInvalid: OpenVINO can't read it, or it has changed.
        ModelKeyMissing: The package is encrypted, and there is no key.
        ModelKeyWrong: It was encrypted with another key.
    """
    content = weights(package)
    try:
        return core.read_model(*content)
    except RuntimeError as error:
        step = "Export the network again with a version of OpenVINO or ONNX that this OpenVINO reads."
        # OpenVINO may quote what it reads, and that of an encrypted package is nobody's business.
        why = "it isn't a network" if package.encrypted else str(error)
        raise ModelPackageInvalid(f"OpenVINO can't read {package.network_path}: {why}", next_step=step) from None


def weights(package: ModelPackage) -> tuple[Path | bytes, ...]:
    """What `Core.read_model` takes: paths of plain files, or bytes of decrypted ones, which exist in memory only.

    Raises:
        ModelPackageInvalid: An encrypted file has changed.
        ModelKeyMissing: The package is encrypted, and there is no key.
        ModelKeyWrong: It was encrypted with another key.
    """
    if package.encrypted:
        from pipelines.segmentation.packages.sealed import opened  # its library is needed for encrypted packages only

        return opened(package)
    paths = package.network_path, package.weights_path
    return tuple(path for path in paths if path is not None)
