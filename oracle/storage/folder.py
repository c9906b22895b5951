"""The default content store: a local folder whose file names are the CIDs that IPFS would give."""

import os
import tempfile
from pathlib import Path

from oracle.domain.errors import Refused, Unreachable
from oracle.ports.store import MAX_DOCUMENT, Stored
from oracle.storage.checks import check_digest, check_size
from oracle.storage.cid import cid_of, digest_of


class FolderStore:
    """Content-addressed files under `root`. A write is a rename, so a crash leaves no half document."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def put(self, data: bytes) -> Stored:
        """Keeps `data`; a damaged copy under the same name is replaced."""
        check_size(data)
        digest = digest_of(data)
        path = self._path(digest)
        try:
            self._root.mkdir(parents=True, exist_ok=True)
            if not (path.is_file() and path.read_bytes() == data):
                self._write(path, data)
        except OSError as error:
            raise Unreachable(
                f"cannot write {path}: {error.strerror}", hint="check the folder's permissions and the free disk space"
            ) from error
        return Stored(digest, cid_of(digest), f"ipfs://{cid_of(digest)}")

    def get(self, digest: bytes) -> bytes:
        """The document, after its size and digest were checked."""
        path = self._path(digest)
        try:
            with path.open("rb") as file:
                data = file.read(MAX_DOCUMENT + 1)
        except FileNotFoundError as error:
            raise Unreachable(
                f"no document {cid_of(digest)} in {self._root}", hint="add the store that has it to the settings"
            ) from error
        except OSError as error:
            raise Unreachable(f"cannot read {path}: {error.strerror}", hint="check the file's permissions") from error
        if len(data) > MAX_DOCUMENT:
            raise Refused(f"{path} is over {MAX_DOCUMENT:,} bytes", hint="the copy is damaged: delete it")
        return check_digest(data, digest, str(path))

    def has(self, digest: bytes) -> bool:
        """Whether a file of that name exists."""
        return self._path(digest).is_file()

    def _path(self, digest: bytes) -> Path:
        return self._root / cid_of(digest)

    def _write(self, path: Path, data: bytes) -> None:
        handle, name = tempfile.mkstemp(dir=self._root, prefix=".writing-")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.replace(name, path)
        except OSError:
            Path(name).unlink(missing_ok=True)
            raise
