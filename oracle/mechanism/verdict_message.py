"""A verdict as members sign it (EIP-712) and as it travels between them (canonical JSON, `gengov/verdict/v1`)."""

from typing import Any

from oracle.domain.dispute import Ruling, SignedVerdict, Verdict
from oracle.domain.errors import BadInput
from oracle.mechanism import canonical
from oracle.mechanism.place import Place

FORMAT = "gengov/verdict/v1"
MAX_MESSAGE = 1 << 16
"""Bytes of one signed verdict, its attestation included."""

_SIGNATURE = 65
_MAX_UINT = (1 << 256) - 1
_KEYS = (
    "format",
    "chain_id",
    "committee",
    "proposal_id",
    "round",
    "ruling",
    "evidence_hash",
    "deadline",
    "signer",
    "signature",
    "attestation",
)


def typed(chain_id: int, committee: str, verdict: Verdict) -> dict[str, Any]:
    """The full EIP-712 message of a verdict for one committee on one chain; twin of `hashVerdict`."""
    return {
        "types": {
            "EIP712Domain": [
                {"name": "name", "type": "string"},
                {"name": "version", "type": "string"},
                {"name": "chainId", "type": "uint256"},
                {"name": "verifyingContract", "type": "address"},
            ],
            "Verdict": [
                {"name": "proposalId", "type": "uint256"},
                {"name": "round", "type": "uint256"},
                {"name": "ruling", "type": "uint8"},
                {"name": "evidenceHash", "type": "bytes32"},
                {"name": "deadline", "type": "uint256"},
            ],
        },
        "primaryType": "Verdict",
        "domain": {
            "name": "gengov VerifierCommittee",
            "version": "1",
            "chainId": chain_id,
            "verifyingContract": committee,
        },
        "message": {
            "proposalId": verdict.proposal_id,
            "round": verdict.round,
            "ruling": int(verdict.ruling),
            "evidenceHash": verdict.evidence_hash,
            "deadline": verdict.deadline,
        },
    }


def dumps(chain_id: int, committee: str, signed: SignedVerdict) -> bytes:
    """The bytes that a member hands to the others; the proposal id is text, since few JSON readers know big numbers."""
    verdict = signed.verdict
    return canonical.dumps(
        {
            "format": FORMAT,
            "chain_id": chain_id,
            "committee": committee,
            "proposal_id": str(verdict.proposal_id),
            "round": verdict.round,
            "ruling": verdict.ruling.word,
            "evidence_hash": _hex(verdict.evidence_hash),
            "deadline": verdict.deadline,
            "signer": signed.signer,
            "signature": _hex(signed.signature),
            "attestation": _hex(signed.attestation),
        }
    )


def loads(data: bytes, chain_id: int, committee: str, *, name: str = "signed verdict") -> SignedVerdict:
    """Reads such bytes, and checks their form and that they are for this committee; the signature is not checked here.

    Raises BadInput naming the field.
    """
    if len(data) > MAX_MESSAGE:
        raise BadInput(f"{name}: {len(data):,} bytes", hint=f"A signed verdict has at most {MAX_MESSAGE:,}.")
    top = Place(canonical.loads_canonical(data, name=name), name)
    top.only(_KEYS)
    for key, expected in (("format", FORMAT), ("chain_id", chain_id), ("committee", committee)):
        if top[key].value != expected:
            raise BadInput(
                f"{name}.{key}: {top[key].value!r}, expected {expected!r}", hint="It is for another committee."
            )
    number, ruling = top["proposal_id"].text(78), top["ruling"].text(16)
    if not number.isascii() or not number.isdigit() or str(int(number)) != number or int(number) > _MAX_UINT:
        raise BadInput(f"{name}.proposal_id: {number!r} is no proposal id", hint="It is a decimal number as text.")
    rulings = {r.word: r for r in (Ruling.VALID, Ruling.INVALID)}
    if ruling not in rulings:
        raise BadInput(f"{name}.ruling: {ruling!r}", hint=f"It is {' or '.join(rulings)}.")
    verdict = Verdict(
        proposal_id=int(number),
        round=top["round"].number(_MAX_UINT),
        ruling=rulings[ruling],
        evidence_hash=top["evidence_hash"].hexadecimal(32),
        deadline=top["deadline"].number(_MAX_UINT),
    )
    return SignedVerdict(
        verdict, top["signer"].address(), top["signature"].hexadecimal(_SIGNATURE), top["attestation"].hexadecimal()
    )


def _hex(data: bytes) -> str:
    return "0x" + data.hex()
