"""Which enclaves are believed: a list of measurements and of platform states, in one TOML file."""

import tomllib
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from oracle.domain.errors import BadInput

Register = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{96}$")]
Hash = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Tdx(_Strict):
    """A virtual machine: what was loaded (`mr_td`), and what it booted, where that is given."""

    kind: Literal["tdx"]
    mr_td: Register
    rt_mr0: Register | None = None
    rt_mr1: Register | None = None
    rt_mr2: Register | None = None
    rt_mr3: Register | None = None


class Sgx(_Strict):
    """A process enclave: its code, and who signed it, where that is given."""

    kind: Literal["sgx"]
    mr_enclave: Hash
    mr_signer: Hash | None = None


class Policy(_Strict):
    """`allow` are the measurements, any of which will do; `statuses` what the platform's maker may say of it."""

    allow: tuple[Annotated[Tdx | Sgx, Field(discriminator="kind")], ...] = Field(min_length=1)
    statuses: tuple[str, ...] = ("UpToDate",)


def read_policy(path: Path) -> Policy:
    """A policy file. BadInput lists every mistake."""
    try:
        return Policy.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise BadInput(f"cannot read the enclave policy {path}: {error.strerror}") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadInput(f"the enclave policy {path} is not TOML: {error}") from error
    except ValidationError as error:
        found = [f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors(include_url=False)]
        raise BadInput(
            f"the enclave policy {path} is wrong:\n  " + "\n  ".join(found),
            hint='it has [[allow]] tables: kind = "tdx" and mr_td, or kind = "sgx" and mr_enclave, in lower-case hex',
        ) from None
