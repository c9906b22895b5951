"""Samples without a chain: what stands where a chain would have bound something, so that nobody can mistake them."""

from dataclasses import replace

from oracle.domain.action import Deployment
from oracle.domain.committed_model import ZERO_ADDRESS, CommittedModel
from oracle.domain.errors import BadInput
from oracle.domain.prompt import Prompt
from oracle.domain.sampler import Sampler
from oracle.domain.slot import SlotContext
from oracle.mechanism.actions import sampler_id
from oracle.mechanism.compile import CONTRACTS
from oracle.mechanism.data_file import MAX_SAMPLES
from oracle.mechanism.median import MIN_VALID

RESERVE_DECIMALS = 6
_TAU = {"E": 0, "B": 250_000}
_LEAST_TAU = 1_000  # 1e-3 of a score: verification.md, section 3


def sampler_for(committed: Sampler, n: int, numeric_class: str) -> Sampler:
    """The committed rules for `n` samples in the class of the engine at hand; of n, ceil(67 n / 100) must be valid.

    BadInput for n outside 1..10,000.
    """
    if not 1 <= n <= MAX_SAMPLES:
        raise BadInput(f"{n} samples", hint=f"Draw 1 to {MAX_SAMPLES}.")
    least = committed.min_valid if n == committed.n else -(-MIN_VALID * n // 100)
    same = numeric_class == committed.numeric_class
    tau = committed.tau if same else _TAU.get(numeric_class, _LEAST_TAU)
    return replace(committed, n=n, min_valid=least, numeric_class=numeric_class, tau=tau)


def slot_for(prompt: Prompt, hashes: tuple[bytes, bytes, bytes], seed: bytes) -> SlotContext:
    """A slot of no auction: epoch 0, the zero address as winner, weight setter and contract."""
    model = CommittedModel(ZERO_ADDRESS, *hashes, "")
    return SlotContext(prompt.chain_id, ZERO_ADDRESS, 0, ZERO_ADDRESS, model, seed)


def deployment_for(prompt: Prompt) -> Deployment:
    """An organisation of no chain: calls compiled for it go to the zero address."""
    return Deployment(prompt.chain_id, dict.fromkeys(CONTRACTS, ZERO_ADDRESS), RESERVE_DECIMALS)


def prompt_for(prompt: Prompt, sampler: Sampler) -> Prompt:
    """The prompt, naming the sampler that is used; on a chain a bid would have bound that name."""
    return replace(prompt, sampler_id="0x" + sampler_id(sampler).hex())
