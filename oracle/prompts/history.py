"""What the organisation did before and how it went, as a prompt tells it: past proposals and the models behind them."""

from collections import Counter
from typing import Any

from eth_utils.crypto import keccak

from oracle.domain.prompt import ModelChoice, PastProposal
from oracle.domain.proposal import ProposalState
from oracle.mechanism.template import template
from oracle.ports.chain import Chain

_APPROVED = 2
_BPS = 10_000
_MOST_BPS = 1_000_000
_RESULTS = {
    ProposalState.CANCELED: "canceled",
    ProposalState.DEFEATED: "defeated",
    ProposalState.EXPIRED: "expired",
    ProposalState.EXECUTED: "executed",
}
_ACTIONS = {
    keccak(text=signature)[:4]: action
    for signature, action in {
        "governanceMint(address,uint256)": "fund",
        "transfer(address,uint256)": "fund",
        "setParameter(bytes32,uint256)": "set_parameter",
        "setConstitutionalModel(bytes32)": "set_model",
        "signal(string)": "signal",
    }.items()
}


def past_proposals(chain: Chain, first: int, at: int) -> tuple[PastProposal, ...]:
    """The last proposals that are final at block `at`, oldest first, with the change of market cap in their slot."""
    changes = {event.args["epoch"]: _change(event.args["outcome"]) for event in _settled(chain, first, at)}
    found: list[PastProposal] = []
    for posted in reversed(chain.events("PromptUpdate", "ProposalPosted", first=first, last=at)):
        proposal_id, epoch = posted.args["proposalId"], posted.args["epoch"]
        result = _RESULTS.get(ProposalState(chain.read("Governance", "state", proposal_id, at=at)))
        if result is not None:
            action = _action(chain, proposal_id, posted.block_number)
            found.append(PastProposal(epoch, action, result, changes.get(epoch, 0)))
        if len(found) == template().limits["history"]:
            break
    return tuple(reversed(found))


def model_choices(chain: Chain, first: int, at: int) -> tuple[ModelChoice, ...]:
    """The approved models at block `at`, the present one first, then the oldest; `score` is % of slots with a rise."""
    current = chain.read("ModelRegistry", "constitutionalModel", at=at)
    registered = chain.events("ModelRegistry", "ModelRegistered", first=first, last=at)
    ids = [event.args["id"] for event in registered]
    approved = [i for i in ids if chain.read("ModelRegistry", "modelOf", i, at=at).status == _APPROVED]
    ordered = sorted(dict.fromkeys(approved), key=lambda i: i != current)[: template().limits["models"]]
    slots, rises = Counter[bytes](), Counter[bytes]()
    for event in _settled(chain, first, at):
        model = chain.read("PromptUpdate", "auction", event.args["epoch"], at=at).modelId
        slots[model] += 1
        rises[model] += event.args["outcome"].delta > 0
    return tuple(
        ModelChoice(
            listed_id("models", i), "0x" + model.hex(), 100 * rises[model] // max(slots[model], 1), model == current
        )
        for i, model in enumerate(ordered)
    )


def listed_id(kind: str, index: int) -> str:
    """The template's name of the item at `index` of a list; beyond its names a number, which its rules refuse."""
    names = template().ids[kind]
    return names[index] if index < len(names) else str(index)


def share_bps(change: int, base: int) -> int:
    """`change` in bps of `base`, rounded towards zero, within what a prompt can show."""
    share = abs(change) * _BPS // base if base else 0
    return max(-_BPS, min(share if change >= 0 else -share, _MOST_BPS))


def _settled(chain: Chain, first: int, at: int) -> list[Any]:
    return list(chain.events("PromptUpdate", "RewardSettled", first=first, last=at))


def _change(outcome: Any) -> int:
    return share_bps(outcome.delta, outcome.m0)


def _action(chain: Chain, proposal_id: int, block: int) -> str:
    """What the model's answer was, told from the first call it became."""
    for event in chain.events("Governance", "ProposalCreated", first=block, last=block):
        if event.args["proposalId"] == proposal_id:
            return _ACTIONS.get(bytes(event.args["calldatas"][0][:4]), "signal")
    return "signal"
