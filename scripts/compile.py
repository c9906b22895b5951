#!/usr/bin/env python3
"""Compile with Brownie what changed, throwing away artifacts of sources that are gone (Brownie stumbles over them)."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # So that the scripts find each other from every folder.

from oracle.domain.errors import GengovError  # noqa: E402
from scripts.deployment import session  # noqa: E402


def main() -> int:
    """Exit 0: compiled; 2: the contracts do not compile."""
    try:
        session.compiled(ROOT)
    except GengovError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    print("the contracts are compiled", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
