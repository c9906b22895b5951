"""One decorator for every command: declares the shared options once and hands the command a ready `Session`."""

import inspect
from collections.abc import Callable
from typing import Annotated, Any

import typer

from oracle.cli.session import Session

_CHAIN = "Chain"
_WRITE = "Signing and sending"

# name -> (annotation, default); the order is the order in `--help`.
_READ_OPTIONS: dict[str, tuple[Any, Any]] = {
    "config": (
        Annotated[str, typer.Option(help="Settings file (TOML).", envvar="GENGOV_CONFIG", rich_help_panel=_CHAIN)],
        "",
    ),
    "rpc": (
        Annotated[
            str,
            typer.Option(help="RPC URL; the running devnet if omitted.", envvar="GENGOV_RPC", rich_help_panel=_CHAIN),
        ],
        "",
    ),
    "deployment": (
        Annotated[
            str,
            typer.Option(
                help="Deployment file; deployments/<chain id>.json if omitted.",
                envvar="GENGOV_DEPLOYMENT",
                rich_help_panel=_CHAIN,
            ),
        ],
        "",
    ),
    "home": (
        Annotated[
            str,
            typer.Option(
                help="Folder of the ledger and the content store.", envvar="GENGOV_HOME", rich_help_panel=_CHAIN
            ),
        ],
        "",
    ),
}
_JSON_OPTION: dict[str, tuple[Any, Any]] = {
    "as_json": (Annotated[bool, typer.Option("--json", help="Print one JSON object, amounts in base units.")], False)
}
_WRITE_OPTIONS: dict[str, tuple[Any, Any]] = {
    "role": (
        Annotated[
            str,
            typer.Option(
                "--as", help="Devnet account by role: prompter, rival, setter, alice ...", rich_help_panel=_WRITE
            ),
        ],
        "",
    ),
    "keystore": (
        Annotated[str, typer.Option(help="Keystore v3 file.", envvar="GENGOV_KEYSTORE", rich_help_panel=_WRITE)],
        "",
    ),
    "password_file": (
        Annotated[
            str,
            typer.Option(help="File with its password.", envvar="GENGOV_PASSWORD_FILE", rich_help_panel=_WRITE),
        ],
        "",
    ),
    "yes": (Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.", rich_help_panel=_WRITE)], False),
    "dry_run": (
        Annotated[bool, typer.Option("--dry-run", help="Simulate and show, send nothing.", rich_help_panel=_WRITE)],
        False,
    ),
    "gas_cap": (
        Annotated[int, typer.Option(help="Most gwei per gas; 0 = no cap.", min=0, rich_help_panel=_WRITE)],
        0,
    ),
}


def command(app: typer.Typer, name: str, *, chain: bool = True, writes: bool = False) -> Callable[[Any], Any]:
    """Mount a function `(session, **own options)` as a command of `app`, with the shared options that it needs.

    `chain` adds where to read, `writes` who signs and how; `--json` is everywhere.
    """
    shared = (_READ_OPTIONS if chain else {}) | (_WRITE_OPTIONS if writes else {}) | _JSON_OPTION

    def mount(function: Callable[..., None]) -> Callable[..., None]:
        own = list(inspect.signature(function, eval_str=True).parameters.values())[1:]
        extra = [
            inspect.Parameter(key, inspect.Parameter.KEYWORD_ONLY, annotation=annotation, default=default)
            for key, (annotation, default) in shared.items()
        ]
        parameters = [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in own] + extra

        def run(**values: Any) -> None:
            function(Session(**{key: values.pop(key) for key in shared}), **values)

        run.__doc__, run.__name__ = function.__doc__, function.__name__
        run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # how typer learns options
        run.__annotations__ = {p.name: p.annotation for p in parameters}
        app.command(name)(run)
        return function

    return mount
