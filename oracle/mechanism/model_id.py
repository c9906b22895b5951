"""The id of a registered model: twin of `ModelRegistry.modelIdOf`."""

from eth_abi.abi import encode
from eth_hash.auto import keccak

from oracle.domain.committed_model import CommittedModel


def model_id(model: CommittedModel) -> bytes:
    """keccak256(abi.encode(setter, weightsRoot, tokenizerHash, engineHash, uri)), 32 bytes."""
    kinds = ("address", "bytes32", "bytes32", "bytes32", "string")
    return keccak(encode(kinds, (model.setter, *model.hashes, model.uri)))
