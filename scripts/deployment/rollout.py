"""Send a deployment's transactions and describe what came of them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from web3 import Web3
from web3.exceptions import Web3Exception

from oracle.chain import abi
from oracle.chain.deployments import DeploymentFile
from oracle.domain.errors import BadInput, Refused
from scripts.deployment import plan, profiles
from scripts.deployment.session import LOCAL_CHAINS, Session, gas_of

MOCK_DECIMALS = 6


@dataclass(frozen=True)
class Order:
    """What to deploy: start values, the token behind the curve (None: a mock), genesis. Made by `order`."""

    profile: profiles.Profile
    reserve_token: str | None
    genesis: plan.Genesis


def order(web3: Web3, profile: str, reserve_token: str | None, genesis: plan.Genesis) -> Order:
    """Check an order against the chain. Raises Refused or BadInput before anything slow starts."""
    _check_chain(web3.eth.chain_id, profile, reserve_token)
    return Order(profiles.load(profile, _decimals(web3, reserve_token)), reserve_token, genesis)


def roll_out(session: Session, order: Order, say: Callable[[str], None]) -> DeploymentFile:
    """Deploy everything and return its description. Raises GengovError; nothing is sent if a check before fails."""
    deployer, chain_id, profile = session.account.address, session.web3.eth.chain_id, order.profile
    addresses = plan.predict(deployer, session.web3.eth.get_transaction_count(deployer), order.reserve_token)
    named = plan.arguments(profile, addresses, order.genesis)
    if stray := plan.misnamed(profile, {name: session.project[name].abi for name in plan.CONTRACTS}):
        raise BadInput(f"profile {profile.name}: no constructor takes {', '.join(stray)}")
    encoded = {name: plan.encode(name, session.project[name].abi, named[name]) for name in plan.CONTRACTS}
    _check_funds(session, encoded)
    say(f"deploying on chain {chain_id} with profile {profile.name} from {deployer}")

    _provide_reserve(session, order, addresses, int(profile.values["BToken"]["initialReserve"]), say)
    parts = {}
    for name, values in encoded.items():
        parts[name] = session.deploy(name, *values)
        _check_place(name, parts[name].address, addresses[name])
        say(f"  {name:<18} {parts[name].address} {parts[name].tx.gas_used:>10,} gas")
    return DeploymentFile(
        chain_id=chain_id,
        profile=profile.name,
        block=parts[plan.CONTRACTS[0]].tx.block_number,
        genesis_time=parts["PromptUpdate"].genesis(),
        deployer=deployer,
        addresses=addresses,
        parameters={name: plan.scalars(part.abi, named[name]) for name, part in parts.items()},
        code_hashes={name: code_hash(session.web3, address) for name, address in addresses.items()},
        models=list(order.genesis.models),
        templates=[rule.id for rule in order.genesis.templates],
        samplers=[rule.id for rule in order.genesis.samplers],
        verifiers=list(order.genesis.verifiers),
    )


def code_hash(web3: Web3, address: str) -> str:
    """keccak256 of the code at an address."""
    return Web3.to_hex(Web3.keccak(web3.eth.get_code(Web3.to_checksum_address(address))))


def _check_place(name: str, found: str, expected: str) -> None:
    if found != expected:
        hint = "the deployer sent something in between: deploy again from an account used for nothing else"
        raise Refused(f"{name} came to {found}, not to {expected} where the others expect it", hint=hint)


def _check_chain(chain_id: int, profile: str, reserve_token: str | None) -> None:
    if chain_id in LOCAL_CHAINS:
        return
    if profile == "local":
        raise Refused(f"profile local is for development chains, this is chain {chain_id}", hint="--profile production")
    if reserve_token is None:
        raise Refused(f"chain {chain_id} gets no mock reserve: anyone could mint it", hint="--reserve-token ADDRESS")


def _decimals(web3: Web3, reserve_token: str | None) -> int:
    if reserve_token is None:
        return MOCK_DECIMALS
    if not Web3.is_checksum_address(reserve_token):
        raise BadInput(f"--reserve-token {reserve_token} is not a checksummed address")
    token = web3.eth.contract(Web3.to_checksum_address(reserve_token), abi=abi.load("MockUSDC"))
    try:
        return int(token.functions.decimals().call())
    except (Web3Exception, ValueError):
        raise BadInput(f"{reserve_token} is no ERC-20 token: it does not answer decimals()") from None


def _check_funds(session: Session, encoded: Mapping[str, list[Any]]) -> None:
    needed = sum(gas_of(session.project[name]) for name in encoded) * session.web3.eth.gas_price
    held = session.web3.eth.get_balance(session.account.address)
    if held < needed:
        want, have = Web3.from_wei(needed, "ether"), Web3.from_wei(held, "ether")
        raise Refused(f"{session.account.address} holds {have:.4f} ETH, the deployment takes about {want:.4f}")


def _provide_reserve(
    session: Session, order: Order, addresses: Mapping[str, str], amount: int, say: Callable[[str], None]
) -> None:
    """Let BToken pull the initial reserve in its constructor; on a development chain out of a mock."""
    if order.reserve_token is None:
        token = session.deploy("MockUSDC")
        session.send(token, "mint", session.account.address, amount)
        say(f"  {'MockUSDC':<18} {token.address} {token.tx.gas_used:>10,} gas")
    else:
        token = session.at("MockUSDC", order.reserve_token)
        held = token.balanceOf(session.account)
        if held < amount:
            raise Refused(f"the deployer holds {held} units of the reserve token, the curve starts with {amount}")
    session.send(token, "approve", addresses["BToken"], amount)
