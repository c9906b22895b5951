"""Keys of servers: from a file that only its owner may read, never from a command line."""

import os
from pathlib import Path

from oracle.domain.errors import BadInput, Refused


def read_key(file: Path | None) -> str | None:
    """The first line of the key file. BadInput if it is empty or everybody may read it."""
    if file is None:
        return None
    try:
        key = file.read_text(encoding="utf-8").split("\n", 1)[0].strip()
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{file}: not readable as a key: {type(error).__name__}") from None
    if not key or not key.isascii() or not key.isprintable():
        raise BadInput(f"{file}: its first line is no key", hint="write the servers' API key there, and nothing else")
    if os.name == "posix" and file.stat().st_mode & 0o077:
        raise Refused(f"the key file {file} can be read by others", hint=f"chmod 600 {file}")
    return key
