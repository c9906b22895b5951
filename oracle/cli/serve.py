"""`gengov model serve`: an OpenAI-compatible server of a model folder, whose samples anyone can check."""

from pathlib import Path
from typing import Annotated

import typer

from oracle.cli.command import command
from oracle.cli.output import err
from oracle.cli.session import Session
from oracle.model import hashing
from oracle.model.engines import ENGINES
from oracle.model.keys import read_key
from oracle.model.serving import serve as run

app = typer.Typer()


@command(app, "serve", chain=False)
def serve(
    session: Session,
    folder: Annotated[Path, typer.Argument(help="Model folder with its manifest.")],
    host: Annotated[str, typer.Option(help="Address to listen at.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen at.", min=1, max=65_535)] = 8000,
    key_file: Annotated[Path | None, typer.Option(help="File whose first line clients must send as key.")] = None,
) -> None:
    """Serve the committed weights by vLLM with gengov's processor and the engine options of the settings."""
    ENGINES["vllm"].require()
    key = read_key(key_file)
    hashing.verify_folder(folder, hashing.read_manifest(folder))
    err.print(f"serving {folder.name} at http://{host}:{port}, class F in float32, B in bfloat16")
    run(folder, host, port, session.settings.engine_options, key)
