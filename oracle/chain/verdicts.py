"""Signing verdicts, and finding out who signed one."""

from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_hash.auto import keccak
from eth_keys.exceptions import BadSignature

from oracle.domain.dispute import SignedVerdict, Verdict
from oracle.domain.errors import Refused
from oracle.mechanism import verdict_message
from oracle.ports.chain import Chain
from oracle.ports.signer import Signer

COMMITTEE = "VerifierCommittee"
_HALF_ORDER = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0
"""Half the order of secp256k1: of the two signatures that mean the same, the chain takes the one with the lower s."""


def digest(chain: Chain, verdict: Verdict) -> bytes:
    """What is signed (32 bytes, EIP-712) and what an enclave's quote must vouch for: `hashVerdict` on chain."""
    typed = encode_typed_data(full_message=verdict_message.typed(chain.chain_id, chain.address(COMMITTEE), verdict))
    return bytes(keccak(b"\x19" + typed.version + typed.header + typed.body))


def sign(chain: Chain, signer: Signer, verdict: Verdict, attestation: bytes = b"") -> SignedVerdict:
    """The verdict signed for the committee of this chain. Whether the signer is a member is not checked here."""
    message = verdict_message.typed(chain.chain_id, chain.address(COMMITTEE), verdict)
    return SignedVerdict(verdict, signer.address, signer.sign_typed_data(message), attestation)


def dumps(chain: Chain, signed: SignedVerdict) -> bytes:
    """The message that carries it to the other members."""
    return verdict_message.dumps(chain.chain_id, chain.address(COMMITTEE), signed)


def accept(chain: Chain, message: bytes, *, name: str = "signed verdict") -> SignedVerdict:
    """Reads a message and checks that a member of the committee signed just that.

    Raises BadInput for its form, Refused for a signature of somebody else or of no member.
    """
    committee = chain.address(COMMITTEE)
    signed = verdict_message.loads(message, chain.chain_id, committee, name=name)
    typed = encode_typed_data(full_message=verdict_message.typed(chain.chain_id, committee, signed.verdict))
    try:
        found = Account.recover_message(typed, signature=signed.signature)
    except (BadSignature, ValueError):
        found = "nobody"
    if found != signed.signer:
        raise Refused(f"{name}: {signed.signer} did not sign it", hint=f"The signature is of {found}.")
    if not _as_the_chain_takes_it(signed.signature):
        # One such signature among k would undo the whole relay, and anyone can make it out of a good one.
        raise Refused(f"{name}: the chain would not take its signature", hint="It needs v of 27 or 28 and the lower s.")
    if not chain.read(COMMITTEE, "isMember", signed.signer):
        raise Refused(f"{name}: {signed.signer} is no member of the committee", hint="Only members' verdicts count.")
    return signed


def _as_the_chain_takes_it(signature: bytes) -> bool:
    return int.from_bytes(signature[32:64], "big") <= _HALF_ORDER and signature[64] in (27, 28)
