"""Checks that a proposal is what the committed model answered: by anyone, on any machine, with the same verdict."""

from oracle.verification.posted import OnChain, read_posted
from oracle.verification.verify import OpenModel, verify_file, verify_proposal

__all__ = ["OnChain", "OpenModel", "read_posted", "verify_file", "verify_proposal"]
