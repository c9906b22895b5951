"""A round as a folder of files: what may stand in it, its hash, and writing the results in one go."""

import os
import re
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

from eth_hash.auto import keccak

from oracle.domain.errors import BadInput
from oracle.mechanism import round_tree

ROUND, RESULT, PAYOUTS = "round.json", "result.json", "payouts.csv"
ACCOUNT = re.compile(r"0x[0-9a-f]{40}")
MAX_BYTES = 1 << 30
_SINGLE = {ROUND, "items.csv", "answers.csv", "outcomes.csv", "contract.md", RESULT, PAYOUTS}
_EACH = {"lists": ".csv", "forecasts": ".csv", "reports": ".txt"}
_CHUNK = 1 << 20


class Folder:
    """The files of one round. Nothing but the files of the format may stand in the folder."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @cached_property
    def files(self) -> tuple[str, ...]:
        """Relative paths of all files, sorted. Raises BadInput for what is no part of a round, naming it."""
        if not self.path.is_dir():
            raise BadInput(f"{self.path} is not a folder", hint="gengov round init FOLDER makes one.")
        found = []
        for path in sorted(self.path.rglob("*")):
            name = path.relative_to(self.path).as_posix()
            if path.is_symlink():
                raise BadInput(
                    f"{name} is a link", hint="Put the file itself there: a hash covers what is in the folder."
                )
            if path.is_dir() and name in _EACH:
                continue
            _check_name(name)
            if path.stat().st_size > MAX_BYTES:
                raise BadInput(f"{name} has more than {MAX_BYTES >> 20} MiB", hint="Leave out rows or items.")
            found.append(name)
        if ROUND not in found:
            raise BadInput(f"there is no {ROUND} in {self.path}", hint="gengov round init FOLDER makes one.")
        return tuple(sorted(found))

    def file(self, name: str) -> Path:
        """The path of one file of the round. Raises BadInput if it is not there."""
        if name not in self.files:
            raise BadInput(f"there is no {name} in {self.path}", hint=f"A round of this kind needs {name}.")
        return self.path / name

    def accounts(self, folder: str) -> dict[str, str]:
        """account -> relative path of the files in `lists`, `forecasts` or `reports`, sorted by account."""
        names = (name for name in self.files if name.startswith(folder + "/"))
        return {Path(name).stem: name for name in names}

    @cached_property
    def hashes(self) -> dict[str, bytes]:
        """keccak256 of every file by its path."""
        return {name: _hash(self.path / name) for name in self.files}

    @property
    def inputs_root(self) -> bytes:
        """Root over all files but the results: what is pinned before anyone may settle."""
        return round_tree.root({name: digest for name, digest in self.hashes.items() if name not in (RESULT, PAYOUTS)})

    @property
    def root(self) -> bytes:
        """Root over all files: the hash of the round."""
        return round_tree.root(self.hashes)

    def read(self, name: str) -> bytes:
        """The bytes of one file. Raises BadInput if it cannot be read."""
        try:
            return self.file(name).read_bytes()
        except OSError as error:
            raise _unreadable(name, error) from None

    def write(self, contents: Mapping[str, bytes]) -> None:
        """Write files whole: beside, then moved in place. What was read of this folder before is read anew."""
        beside = self.path.parent / f".{self.path.name}.part"
        try:
            for name, data in contents.items():
                target = self.path / name
                target.parent.mkdir(parents=True, exist_ok=True)
                beside.write_bytes(data)
                os.replace(beside, target)
        except OSError as error:
            beside.unlink(missing_ok=True)
            raise BadInput(
                f"cannot write in {self.path}: {error.strerror}", hint="Name a folder you may write."
            ) from None
        for cached in ("files", "hashes"):
            self.__dict__.pop(cached, None)


def _check_name(name: str) -> None:
    if name in _SINGLE:
        return
    folder, _, file = name.partition("/")
    suffix = _EACH.get(folder)
    if suffix is None or not file.endswith(suffix):
        several = ", ".join(f"{each}/ADDRESS{end}" for each, end in _EACH.items())
        hint = f"Move it elsewhere. A round holds {', '.join(sorted(_SINGLE))}, {several}."
        raise BadInput(f"{name} is no part of a round", hint=hint)
    account = file.removesuffix(suffix)
    if not ACCOUNT.fullmatch(account):
        mend = account.lower() if ACCOUNT.fullmatch(account.lower()) else "0x and 40 of 0-9a-f"
        raise BadInput(
            f"{name}: {account!r} is not an address in small letters", hint=f"Call it {folder}/{mend}{suffix}."
        )


def _hash(path: Path) -> bytes:
    digest = keccak.new(b"")
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
    except OSError as error:
        raise _unreadable(path.name, error) from None
    return digest.digest()


def _unreadable(name: str, error: OSError) -> BadInput:
    return BadInput(f"{name} cannot be read: {error.strerror}", hint="Make it an ordinary file that you may read.")
