"""Settings from one TOML file, the environment and flags, checked as a whole before anything starts."""

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from oracle.domain.errors import BadInput
from oracle.domain.records import Role
from oracle.model.options import DEFAULT, EngineOptions, contradictions

ENV_PREFIX = "GENGOV_"
Engine = Literal["exact", "fp32", "vllm", "http"]
_OPTIONS = "engine_options"


class Settings(BaseModel):
    """Where the chain is, where things are kept, who signs, and which engine answers. Paths are relative to here."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rpc: str = Field("http://127.0.0.1:8545", description="JSON-RPC endpoint of the chain")
    deployment: Path | None = Field(None, description="deployment file; deployments/<chain id>.json if absent")
    home: Path = Field(Path(".gengov"), description="folder of the ledger and of the default content store")
    ipfs: str | None = Field(None, description="multiaddress of a Kubo RPC; a folder in `home` if absent")
    models: Path = Field(Path("models"), description="folder whose subfolders are models with a manifest")
    engine: Engine = Field("exact", description="exact (class E), fp32 (F), vllm (F or B), http (F, B or N)")
    engine_options: EngineOptions = Field(DEFAULT, description="table of options of the engine")
    keystore: Path | None = Field(None, description="keystore v3 file of the account that signs")
    password_file: Path | None = Field(None, description="file whose first line opens the keystore")
    key: str | None = Field(None, repr=False, description="bare key, from the environment, local chains only")
    dev_account: int | None = Field(None, ge=0, lt=20, description="account of the development mnemonic")
    roles: tuple[Role, ...] = Field((Role.POSTER, Role.KEEPER), description=f"what this oracle does: {', '.join(Role)}")
    inboxes: tuple[str, ...] = Field((), description="folders or http addresses where the committee leaves verdicts")
    inbox_listen: str | None = Field(None, description="host:port at which this oracle keeps such an inbox for others")
    challenge_budget: int = Field(
        0, ge=0, description="whole reserve tokens that challenges may have at stake or have lost, in all"
    )
    enclave_policy: Path | None = Field(None, description="file that says which enclaves' attestations are believed")
    data_patience: int = Field(3_600, ge=0, description="seconds before the absence of data is challenged")
    max_fee_gwei: int = Field(500, gt=0, description="most that is paid per gas")
    timeout: float = Field(20.0, gt=0, le=600, description="seconds an endpoint may take to answer")

    @field_validator("rpc")
    @classmethod
    def _http(cls, value: str) -> str:
        if not value.startswith(("http://", "https://")):
            raise ValueError("an RPC address begins with http:// or https://")
        return value

    @field_validator("roles", "inboxes", mode="before")
    @classmethod
    def _list(cls, value: object) -> object:
        """A list, or one string with commas, as the environment has it."""
        return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value

    @field_validator("inbox_listen")
    @classmethod
    def _listening(cls, value: str | None) -> str | None:
        if value is not None and not re.fullmatch(r"[\w.-]+:\d{1,5}|\[[0-9a-f:]+\]:\d{1,5}", value):
            raise ValueError("write it as host:port, such as 127.0.0.1:8600")
        return value

    @field_validator("password_file", "keystore", "deployment", "enclave_policy")
    @classmethod
    def _readable(cls, value: Path | None) -> Path | None:
        if value is not None and not value.is_file():
            raise ValueError(f"there is no file {value}")
        return value


def load(
    *,
    file: Path | None = None,
    environment: Mapping[str, str] | None = None,
    flags: Mapping[str, Any] | None = None,
    defaults: Mapping[str, Any] | None = None,
) -> Settings:
    """Merge defaults < file < environment (`GENGOV_RPC` ...) < flags; None and "" mean not given.

    Engine options are a table in the file, and `GENGOV_ENGINE_<OPTION>` each in the environment.
    Raises BadInput that lists every mistake with the source it came from. A bare key is taken from the environment
    only: flags are visible to other users of the machine, files outlive their purpose.
    """
    sources = [
        ("the running devnet", dict(defaults or {})),
        (str(file), _toml(file) if file else {}),
        ("the environment", _environment(environment or {})),
        ("the command line", dict(flags or {})),
    ]
    merged: dict[str, Any] = {}
    origin: dict[str, str] = {}
    for source, values in sources:
        for name, value in values.items():
            if name == _OPTIONS and isinstance(value, dict):
                earlier = merged.get(name)
                merged[name] = (earlier if isinstance(earlier, dict) else {}) | value
                origin.update({f"{name}.{option}": source for option in value})
            elif value is not None and value != "":
                merged[name], origin[name] = value, source
    if "key" in merged and origin["key"] != "the environment":
        raise BadInput(f"{origin['key']}: key: a bare key is read from {ENV_PREFIX}KEY only", hint="use a keystore")
    return _checked(merged, origin)


def _checked(merged: dict[str, Any], origin: Mapping[str, str]) -> Settings:
    """The settings, or BadInput with all that is wrong with them."""
    mistakes, settings = [], None
    try:
        settings = Settings.model_validate(merged)
    except ValidationError as error:
        mistakes = [_mistake(detail, origin) for detail in error.errors(include_input=False, include_url=False)]
    options = merged.get(_OPTIONS, {})
    known = set(EngineOptions.model_fields) & set(options if isinstance(options, dict) else ())
    for found in contradictions(str(merged.get("engine", "exact")), known):
        name = f"{_OPTIONS}.{found}"
        mistakes.append(f"{origin.get(name.split(':')[0], 'default')}: {name}")
    if settings is None or mistakes:
        raise BadInput("the settings are wrong:\n  " + "\n  ".join(mistakes), hint=_known())
    return settings


def _toml(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadInput(f"cannot read the settings file {file}: {error.strerror}") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadInput(f"the settings file {file} is not TOML: {error}") from error


def _environment(environment: Mapping[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {
        name: environment[variable]
        for name in Settings.model_fields
        if name != _OPTIONS and (variable := ENV_PREFIX + name.upper()) in environment
    }
    options = {
        name: environment[variable]
        for name in EngineOptions.model_fields
        if environment.get(variable := f"{ENV_PREFIX}ENGINE_{name.upper()}")
    }
    return found | ({_OPTIONS: options} if options else {})


def _mistake(detail: Any, origin: Mapping[str, str]) -> str:
    name = ".".join(str(part) for part in detail["loc"] if not isinstance(part, int))
    message = detail["msg"].removeprefix("Value error, ")
    return f"{origin.get(name, 'default')}: {name}: {message}"


def _known() -> str:
    options = ", ".join(EngineOptions.model_fields)
    return f"settings are: {', '.join(Settings.model_fields)}; options of an engine: {options}"
