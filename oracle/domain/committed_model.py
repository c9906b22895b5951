"""A model as the registry knows it: whose weights, and what was committed."""

from dataclasses import dataclass

ZERO_ADDRESS = "0x" + "00" * 20


@dataclass(frozen=True, slots=True)
class CommittedModel:
    """The weight setter (checksummed), three 32-byte hashes of the manifest, and where the folder can be fetched."""

    setter: str
    weights_root: bytes
    tokenizer_hash: bytes
    engine_hash: bytes
    uri: str

    @property
    def hashes(self) -> tuple[bytes, bytes, bytes]:
        """What a folder must have to be this model."""
        return (self.weights_root, self.tokenizer_hash, self.engine_hash)
