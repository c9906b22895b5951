"""What a sealed bid hides and what the chain draws from it: the bid's commitment and the seed of the samples."""

from eth_abi.abi import encode
from eth_hash.auto import keccak

from oracle.domain.slot import Opening

SEED_TAG = "gengov/seed/v1"


def bid_commitment(chain_id: int, prompt_update: str, epoch: int, bidder: str, opening: Opening) -> bytes:
    """keccak256(abi.encode(chainid, promptUpdate, epoch, bidder, amount, modelId, promptHash, salt))."""
    kinds = ("uint256", "address", "uint256", "address", "uint256", "bytes32", "bytes32", "bytes32")
    bound = (chain_id, prompt_update, epoch, bidder, *opening.as_abi())
    return keccak(encode(kinds, bound))


def sample_seed(
    chain_id: int,
    prompt_update: str,
    epoch: int,
    winner: str,
    prompt_hash: bytes,
    model_id: bytes,
    block_hash: bytes,
) -> bytes:
    """Seed of a slot's samples: 32 bytes that nobody knew when the prompt was bound.

    keccak256(abi.encode("gengov/seed/v1", chainid, promptUpdate, epoch, winner, promptHash, modelId, blockHash)); the
    template and the sampler are inside the prompt, so its hash binds them too.
    """
    kinds = ("string", "uint256", "address", "uint256", "address", "bytes32", "bytes32", "bytes32")
    bound = (SEED_TAG, chain_id, prompt_update, epoch, winner, prompt_hash, model_id, block_hash)
    return keccak(encode(kinds, bound))
