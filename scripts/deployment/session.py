"""Brownie as a quiet library: one project, one network that exists only in memory, one account."""

import contextlib
import fcntl
import io
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from eth_account import Account
from web3 import HTTPProvider, Web3
from web3.exceptions import Web3Exception

from oracle.domain.errors import BadInput, Refused, Reverted, Unreachable

LOCAL_CHAINS = (1337, 31337)
NETWORK = "gengov"
PROJECT = "Gengov"


@dataclass(frozen=True)
class Signer:
    """Who pays: an account that the node keeps unlocked (no key), or one whose key was read from a keystore."""

    address: str
    key: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Session:
    """A compiled project on a connected chain; `project` and `account` are Brownie's own objects."""

    project: Any
    account: Any
    web3: Web3

    def deploy(self, contract: str, *args: Any) -> Any:
        """Deploy and return Brownie's contract object. Raises Reverted naming the constructor and its error."""
        container = self.project[contract]
        # Ganache simulates a creation one nonce too far, where a constructor that looks at its own address fails.
        blind = "ganache" in self.web3.client_version.lower()
        terms = {"from": self.account, "allow_revert": blind, "gas_limit": gas_of(container)}
        with _named(f"the constructor of {contract}"):
            return container.deploy(*args, terms)

    def send(self, contract: Any, function: str, *args: Any) -> Any:
        """Send one transaction and return its receipt. Raises Reverted naming the function and its error."""
        with _named(f"{contract._name}.{function}"):
            return getattr(contract, function)(*args, {"from": self.account, "allow_revert": False})

    def at(self, contract: str, address: str) -> Any:
        """Brownie's contract object for code that is already there."""
        return self.project[contract].at(address)


def gas_of(container: Any) -> int:
    """An upper bound of the gas that a creation takes: 200 a byte to store, 60 to send, the rest for what it does."""
    return 1_000_000 + 330 * (len(container.bytecode) // 2)


def reach(rpc: str, chain_id: int | None = None) -> Web3:
    """Ask the endpoint which chain it serves, before anything slow starts. Raises Unreachable."""
    web3 = Web3(HTTPProvider(rpc, request_kwargs={"timeout": 10}))
    try:
        found = web3.eth.chain_id
    except (OSError, ValueError, Web3Exception) as error:
        hint = "start one with `anvil`, or name a running endpoint with --rpc"
        raise Unreachable(f"no chain answers at {rpc}: {type(error).__name__}", hint=hint) from None
    if chain_id is not None and found != chain_id:
        hint = "check --rpc and --chain-id"
        raise Unreachable(f"{rpc} serves chain {found}, chain {chain_id} was asked for", hint=hint)
    return web3


def unlocked(web3: Web3, address: str | None) -> Signer:
    """The account of a development node: the named one, else its first. Raises Refused when it keeps none."""
    if address is not None and not Web3.is_address(address):
        raise BadInput(f"--from {address} is not an address")
    try:
        kept = tuple(web3.eth.accounts)
    except (ValueError, Web3Exception):
        kept = ()
    if address is None and kept:
        return Signer(kept[0])
    if address is None or Web3.to_checksum_address(address) not in kept:
        who = "any account" if address is None else address
        raise Refused(f"the node does not keep {who} unlocked", hint="give --keystore FILE and --password-file FILE")
    return Signer(Web3.to_checksum_address(address))


def keystore_path(name: str) -> Path:
    """Where a keystore lies: a file, or an account by name that `brownie accounts` made. Raises BadInput."""
    named = Path.home() / ".brownie" / "accounts" / f"{name}.json"
    for path in (Path(name), named):
        if path.is_file():
            return path
    raise BadInput(f"no keystore file {name}, and no Brownie account at {named}")


def keystore(path: Path, password: str) -> Signer:
    """Decrypt a version 3 keystore file. Raises BadInput; the message never holds the key or the password."""
    try:
        key = Account.decrypt(path.read_text(encoding="utf-8"), password)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, NotImplementedError) as error:
        why = "wrong password" if "MAC" in str(error) else "not a version 3 keystore"
        raise BadInput(f"cannot open the keystore {path}: {why}") from None
    return Signer(Account.from_key(key).address, bytes(key))


@contextlib.contextmanager
def connect(web3: Web3, rpc: str, signer: Signer, root: Path) -> Iterator[Session]:
    """Compile what changed and open `rpc` in Brownie, with its chatter put away; closes both at the end."""
    import brownie
    from brownie._config import CONFIG

    project = compiled(root)
    # A network with a command counts as a development network: no artifact of the deployment is left in build/.
    CONFIG.networks[NETWORK] = {
        "id": NETWORK,
        "name": NETWORK,
        "cmd": "",
        "cmd_settings": {},
        "host": rpc,
        "timeout": 60,
    }
    try:
        brownie.network.connect(NETWORK, launch_rpc=False)
        try:
            brownie.network.gas_limit("auto")
            brownie.network.priority_fee("auto")
            account = (
                brownie.accounts.add(signer.key) if signer.key else brownie.accounts.at(signer.address, force=True)
            )
            yield Session(project, account, web3)
        finally:
            brownie.network.disconnect(kill_rpc=False)
    finally:
        del CONFIG.networks[NETWORK]
        project.close(raises=False)


def active(account: str = "") -> Session:
    """The session of a running `brownie run` or console; `account` names one made by `brownie accounts`."""
    import brownie

    signer = brownie.accounts.load(account) if account else brownie.accounts[0]
    return Session(brownie.project.get_loaded_projects()[0], signer, Web3(brownie.web3.provider))


def compiled(root: Path) -> Any:
    """Load the project with Brownie, one process at a time because the artifacts are shared. Raises BadInput."""
    from brownie.exceptions import CompilerError

    (root / "build").mkdir(exist_ok=True)
    with (root / "build" / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            with quiet():
                return _loaded(root)
        except CompilerError as error:
            raise BadInput(f"the contracts do not compile: {error}") from None


def _loaded(root: Path) -> Any:
    from brownie import project

    try:
        loaded = project.load(root, PROJECT)
    except FileNotFoundError:  # Brownie stumbles over artifacts of a source that was moved or removed.
        for folder in ("contracts", "interfaces"):
            shutil.rmtree(root / "build" / folder, ignore_errors=True)
        loaded = project.load(root, PROJECT)
    loaded.load_config()
    return loaded


def artifacts(root: Path) -> dict[str, str]:
    """Compile what changed and return the deployed code by contract, in hex, with zeros for immutables."""
    project = compiled(root)
    try:
        names = [container._name for container in project]
        return {name: project._build.get(name)["deployedBytecode"] for name in names}
    finally:
        project.close(raises=False)


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Put away what Brownie prints: colours and receipts that a program on the other side cannot read."""
    with contextlib.redirect_stdout(io.StringIO()):
        yield


@contextlib.contextmanager
def _named(what: str) -> Iterator[None]:
    from brownie.exceptions import VirtualMachineError

    try:
        with quiet():
            yield
    except OSError as error:
        raise Unreachable(f"the chain stopped answering during {what}: {type(error).__name__}") from None
    except (ValueError, Web3Exception, VirtualMachineError) as error:
        told = re.search(r"(?:reverted during call|estimation failed): '(.*?)'", str(error), re.S)
        reason = told.group(1) if told else str(error).removeprefix("revert: ")
        raise Reverted(f"{what} reverted: {reason}", error=reason.partition(":")[0]) from None
