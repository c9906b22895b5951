#!/usr/bin/env python3
"""Put the pinned solc where py-solc-x, Brownie (`~/.solcx`) and forge (`tools/solc`) look for it.

Native binary when it can be downloaded, else a launcher over the npm package `solc` of the same version.
`--js` forces the launcher; `--force` writes it again.
"""

import json
import shutil
import stat
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VERSION = json.loads((ROOT / "package.json").read_text())["devDependencies"]["solc"]


def write_launcher(dest: Path) -> None:
    """Write a shell launcher at `dest`; `--version` is answered from a literal because Brownie asks it 27 times."""
    package = ROOT / "node_modules" / "solc"
    node = shutil.which("node")
    if not package.is_dir() or not node:
        sys.exit("solc: run `npm ci` first (needs Node 20 or newer)")
    have = json.loads((package / "package.json").read_text())["version"]
    if have != VERSION:
        sys.exit(f"solc: node_modules/solc is {have}, package.json wants {VERSION}; run `npm ci`")
    cli = ROOT / "tools" / "solcjs_cli.cjs"
    banner = subprocess.run([node, str(cli), "--version"], check=True, capture_output=True, text=True).stdout
    dest.write_text(
        "#!/bin/sh\n"
        f"# npm package `solc` {VERSION} behind the native command line; written by tools/install_solc.py\n"
        f'if [ "$1" = "--version" ]; then\ncat <<\'EOF\'\n{banner}EOF\nexit 0\nfi\n'
        f'exec "{node}" "{cli}" "$@"\n'
    )
    dest.chmod(dest.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)


def is_dead_launcher(dest: Path) -> bool:
    """Tell whether `dest` is our shell launcher and the checkout it points into is gone."""
    if dest.read_bytes()[:2] != b"#!":
        return False
    cli = dest.read_text().split('"')[-4]
    return not (Path(cli).is_file() and (Path(cli).parent.parent / "node_modules" / "solc").is_dir())


def main() -> None:
    """Install once; say in one line what was done."""
    import solcx
    from packaging.version import Version

    folder = solcx.get_solcx_install_folder()
    folder.mkdir(parents=True, exist_ok=True)
    dest = folder / f"solc-v{VERSION}"
    link = ROOT / "tools" / "solc"
    fresh = Version(VERSION) not in solcx.get_installed_solc_versions() or "--force" in sys.argv
    # A launcher left by a checkout that is gone would point nowhere; it is cheap to write again.
    stale = not fresh and is_dead_launcher(dest)
    how = ""
    if fresh or stale:
        how = "native"
        try:
            if "--js" in sys.argv or stale:
                raise OSError("launcher asked for")
            solcx.install_solc(VERSION)
        except Exception:
            write_launcher(dest)
            how = "npm package"
    link.unlink(missing_ok=True)
    link.symlink_to(dest)
    if how:
        print(f"setup: solc {VERSION}, {how}")


if __name__ == "__main__":
    main()
