"""A fake chain that knows nothing but a committee: enough to sign verdicts and to accept them."""

from typing import Any, cast

from eth_utils.address import to_checksum_address

from oracle.chain.accounts import LocalSigner, from_mnemonic
from oracle.ports.chain import Chain

COMMITTEE = to_checksum_address("0x" + "c0" * 20)
MEMBERS = [from_mnemonic(index, 31337) for index in range(3)]
STRANGER = from_mnemonic(5, 31337)


class FakeCommitteeChain:
    """The part of `Chain` that `oracle.chain.verdicts` asks for."""

    chain_id = 31337

    def __init__(self, members: list[LocalSigner] | None = None) -> None:
        self.members = {member.address for member in (MEMBERS if members is None else members)}

    def address(self, contract: str) -> str:
        assert contract == "VerifierCommittee"
        return COMMITTEE

    def read(self, contract: str, function: str, *args: Any, at: int | None = None) -> Any:
        assert (contract, function) == ("VerifierCommittee", "isMember")
        return args[0] in self.members


def fake_committee(members: list[LocalSigner] | None = None) -> Chain:
    return cast(Chain, FakeCommitteeChain(members))
