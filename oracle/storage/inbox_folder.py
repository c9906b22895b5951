"""Signed verdicts in a folder that the members share (a mount, a synced folder): one file a signer."""

import os
import re
import tempfile
from pathlib import Path

from oracle.domain.errors import BadInput, Unreachable
from oracle.mechanism.verdict_message import MAX_MESSAGE

MOST_MESSAGES = 64
"""A committee has at most 64 members; more files than that are somebody's mischief and are not read."""


class FolderInbox:
    """`root/<proposal>/<round>/<signer>.json`. A write is a rename, so a reader never sees half a message."""

    def __init__(self, root: Path) -> None:
        self._root = root

    @property
    def place(self) -> str:
        """The folder."""
        return str(self._root)

    def put(self, proposal_id: int, round_: int, signer: str, message: bytes) -> None:
        """Writes, or replaces, the signer's message."""
        if not re.fullmatch(r"0x[0-9a-fA-F]{40}", signer):
            raise BadInput(f"{signer!r} is no address, so there is no file for it")
        folder = self._folder(proposal_id, round_)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=folder, prefix=".writing-")
            with os.fdopen(handle, "wb") as file:
                file.write(message)
                file.flush()
                os.fsync(file.fileno())
            os.chmod(name, 0o644)  # the other members read it under names of their own
            os.replace(name, folder / f"{signer}.json")
        except OSError as error:
            raise Unreachable(
                f"cannot leave a verdict in {folder}: {error.strerror}",
                hint="is the shared folder mounted and writable?",
            ) from error

    def messages(self, proposal_id: int, round_: int) -> list[bytes]:
        """The messages of a round. What is no file, cannot be read or is over the size limit is left out."""
        folder = self._folder(proposal_id, round_)
        try:
            if not self._root.is_dir():
                raise Unreachable(f"there is no folder {self._root}", hint="mount the folder that the committee shares")
            found = (_message(path) for path in sorted(folder.glob("0x*.json"))[:MOST_MESSAGES])
            return [message for message in found if message is not None]
        except OSError as error:
            raise Unreachable(
                f"cannot read {folder}: {error.strerror}", hint="check the folder's permissions"
            ) from error

    def _folder(self, proposal_id: int, round_: int) -> Path:
        return self._root / str(proposal_id) / str(round_)


def _message(path: Path) -> bytes | None:
    """The bytes of a plain file; None for everything else that one member may have put there to stop the others."""
    try:
        if not path.is_file():  # a pipe would be waited on for ever
            return None
        with path.open("rb") as file:
            data = file.read(MAX_MESSAGE + 1)
    except OSError:
        return None
    return data if len(data) <= MAX_MESSAGE else None
