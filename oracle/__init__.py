"""gengov: an on-chain organisation that a language model serves and people steer."""

__version__ = "0.1.0"
