"""Encrypted packages: AES-256-GCM (NIST SP 800-38D), decrypted in memory only.

A file is `LRMODEL2`, 12 bytes of nonce, then ciphertext with its tag of 16 bytes. model.toml, which stays readable, and
the file's name are authenticated with it: neither can a file stand for another one, nor a threshold be changed unseen.
Files of older packages begin with `LRMODEL1` and vouch for the model's name and version only; they are refused.
"""

import hashlib
import os
import shutil
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from labrelay.errors import Conflict
from pipelines.segmentation.errors import ModelKeyWrong, ModelPackageInvalid
from pipelines.segmentation.package import DESCRIPTION_FILE, ModelPackage, load_package
from pipelines.segmentation.packages.digests import require_digest
from pipelines.segmentation.packages.keys import ModelKey, key_from_environment
from pipelines.segmentation.packages.places import CARD_FILE, ENCRYPTED_SUFFIX, place_within

_MAGIC: Final = b"LRMODEL2"
_OLD_MAGIC: Final = b"LRMODEL1"
_NONCE_BYTES: Final = 12
_TAG_BYTES: Final = 16


def opened(package: ModelPackage) -> tuple[bytes, ...]:
    """Decrypt a package's files with the key from the environment, the network's structure first.

    Raises:
        ModelPackageInvalid: A file has changed, or belongs to another model.
        ModelKeyMissing: There is no key.
        ModelKeyWrong: It is another key.
    """
    key, told = key_from_environment(), package.description
    if told.encryption is not None and key.id != told.encryption.key_id:
        cause = f"The model was encrypted with the key {told.encryption.key_id}; the key that was given is {key.id}."
        raise ModelKeyWrong(cause)
    description = (package.folder / DESCRIPTION_FILE).read_bytes()
    if hashlib.sha256(description).hexdigest() != package.digest:
        raise ModelPackageInvalid(f"{DESCRIPTION_FILE} in {package.folder} has changed since it was read.")
    return tuple(_opened(package, name, digest, key, description) for name, digest in told.files.digests.items())


def encrypt_package(folder: Path, out: Path, key: ModelKey) -> ModelPackage:
    """Write an encrypted copy of a package into a new or empty folder.

    Raises:
        ModelPackageInvalid: The package is incomplete, changed or encrypted already.
        Conflict: The folder to write holds files.
    """
    package = load_package(folder)
    if package.encrypted:
        raise ModelPackageInvalid(f"{folder} is encrypted already.", next_step="Start from the plain package.")
    require_new(out)
    description = (folder / DESCRIPTION_FILE).read_bytes() + _section(key)
    names = package.description.files.digests
    files = {name: _sealed((folder / name).read_bytes(), description, name, key) for name in names}
    out.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (out / (name + ENCRYPTED_SUFFIX)).write_bytes(content)
    if (folder / CARD_FILE).is_file():
        shutil.copyfile(folder / CARD_FILE, out / CARD_FILE)
    (out / DESCRIPTION_FILE).write_bytes(description)
    return load_package(out)


def require_new(out: Path) -> None:
    """Refuse a folder that holds something.

    Raises:
        Conflict: It does.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise Conflict(f"{out} is there already.", next_step="Name a new folder.")


def _section(key: ModelKey) -> bytes:
    return f'\n[encryption]\nalgorithm = "AES-256-GCM"\nkey_id = "{key.id}"\n'.encode()


def _sealed(plain: bytes, description: bytes, name: str, key: ModelKey) -> bytes:
    nonce = os.urandom(_NONCE_BYTES)
    return _MAGIC + nonce + AESGCM(key.secret).encrypt(nonce, plain, _vouched_for(description, name))


def _opened(package: ModelPackage, name: str, digest: str, key: ModelKey, description: bytes) -> bytes:
    path = place_within(package.folder, name + ENCRYPTED_SUFFIX)
    sealed = _content(path)
    if sealed.startswith(_OLD_MAGIC):
        cause = f"{path} was encrypted by an older labrelay, which let {DESCRIPTION_FILE} be changed unseen."
        raise ModelPackageInvalid(cause, next_step="Encrypt the plain package again: `labrelay model encrypt`.")
    start = len(_MAGIC) + _NONCE_BYTES
    if not sealed.startswith(_MAGIC) or len(sealed) < start + _TAG_BYTES:
        raise ModelPackageInvalid(f"{path} is cut off, or no file that `labrelay model encrypt` wrote.")
    try:
        nonce, vouched_for = sealed[len(_MAGIC) : start], _vouched_for(description, name)
        plain = AESGCM(key.secret).decrypt(nonce, sealed[start:], vouched_for)
    except InvalidTag:
        cause = f"{path} or {DESCRIPTION_FILE} has changed since it was encrypted, or belongs to another model."
        raise ModelPackageInvalid(cause, next_step="Copy the package once more, or encrypt it again.") from None
    require_digest(path, hashlib.sha256(plain).hexdigest(), digest)
    return plain


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ModelPackageInvalid(f"{path} can't be read: {error.strerror or error}.") from error


def _vouched_for(description: bytes, name: str) -> bytes:
    """The associated data of a file: a digest of model.toml, byte for byte, and the file's plain name."""
    return hashlib.sha256(description).digest() + name.encode()
