"""The deployment file: which contracts are where on one chain, with which parameters and code."""

import json
import os
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from web3 import Web3

from oracle.domain.errors import BadInput


def _address(text: str) -> str:
    if not Web3.is_address(text) or Web3.to_checksum_address(text) != text:
        raise ValueError("not a checksummed address of 20 bytes")
    return text


Address = Annotated[str, AfterValidator(_address)]
Hash = Annotated[str, Field(pattern=r"^0x[0-9a-f]{64}$")]


class GenesisModel(BaseModel):
    """A model that was approved by the constructor of ModelRegistry."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    id: Hash
    setter: Address
    weights_root: Hash
    tokenizer_hash: Hash
    engine_hash: Hash
    uri: str


class DeploymentFile(BaseModel):
    """One chain's deployment as `scripts/deploy.py` wrote it; times in unix seconds, hashes as 0x-hex."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    chain_id: int = Field(gt=0)
    profile: str
    block: int = Field(ge=0)
    genesis_time: int = Field(gt=0)
    deployer: Address
    addresses: dict[str, Address]
    parameters: dict[str, dict[str, int | bool | str]]
    code_hashes: dict[str, Hash]
    models: list[GenesisModel]
    templates: list[Hash]
    samplers: list[Hash]
    verifiers: list[Address]

    def address(self, contract: str) -> str:
        """Address of `contract`. Raises BadInput naming the contracts there are."""
        try:
            return self.addresses[contract]
        except KeyError:
            known = ", ".join(sorted(self.addresses))
            raise BadInput(f"the deployment on chain {self.chain_id} has no {contract}: it has {known}") from None


def default_path(chain_id: int, root: Path = Path()) -> Path:
    """Where the deployment of a chain lies in a checkout."""
    return root / "deployments" / f"{chain_id}.json"


def read(path: Path, *, chain_id: int | None = None) -> DeploymentFile:
    """Read and check a deployment file. Raises BadInput when it is missing, malformed or of another chain."""
    try:
        raw: Any = json.loads(path.read_text(encoding="utf-8"))
        found = DeploymentFile.model_validate(raw)
    except FileNotFoundError:
        raise BadInput(f"no deployment file at {path}", hint="deploy first: scripts/deploy.py --rpc URL") from None
    except (OSError, ValueError) as error:
        raise BadInput(f"{path} is not a deployment file: {_first(error)}", hint="deploy again") from None
    if chain_id is not None and found.chain_id != chain_id:
        raise BadInput(
            f"{path} describes chain {found.chain_id}, the endpoint serves chain {chain_id}",
            hint="point at the other endpoint, or name that chain's file",
        )
    return found


def write(path: Path, deployment: DeploymentFile) -> None:
    """Write the whole file or nothing: a reader never sees half of one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    partial.write_text(json.dumps(deployment.model_dump(), indent=2, sort_keys=True) + "\n", encoding="utf-8")
    partial.replace(path)


def _first(error: Exception) -> str:
    if isinstance(error, ValidationError):
        detail = error.errors()[0]
        return f"{'.'.join(str(part) for part in detail['loc']) or 'the file'}: {detail['msg']}"
    return str(error)
