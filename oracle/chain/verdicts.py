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
    if not chain.read(COMMITTEE, "isMember", signed.signer):
        raise Refused(f"{name}: {signed.signer} is no member of the committee", hint="Only members' verdicts count.")
    return signed
