"""Checks a quote offline: signature chain, platform state, measurements, and the hash that it vouches for.

The chain of certificates and the platform's state are `dcap-qvl`'s work; what is believed is the policy's. A quote is
evidence beside a verdict, never in its place: enclaves were forged with cheap hardware before.
"""

import json
from collections.abc import Mapping
from typing import Any

import dcap_qvl

from oracle.domain.attestation import Attestation
from oracle.domain.errors import BadInput, Refused
from oracle.enclave.policy import Policy

_DEBUG_SGX = 0x02
_REGISTERS = {
    "tdx": ("mr_td", "rt_mr0", "rt_mr1", "rt_mr2", "rt_mr3"),
    "sgx": ("mr_enclave", "mr_signer"),
}


def document(quote: bytes, collateral: str) -> bytes:
    """Quote and collateral as one JSON document, which travels with a verdict."""
    return json.dumps({"quote": "0x" + quote.hex(), "collateral": json.loads(collateral)}, sort_keys=True).encode()


def check(attestation: bytes, policy: Policy, data: bytes, now: int) -> Attestation:
    """The attestation, if it is a genuine quote over `data` (64 bytes) by an enclave that the policy allows at `now`.

    Raises BadInput for a malformed document, Refused, saying why, for everything that does not hold.
    """
    quote, collateral = _read(attestation)
    try:
        report = dcap_qvl.verify(quote, collateral, now)
        found = dcap_qvl.parse_quote(quote)
    except ValueError as error:
        reason = " ".join(str(error).split()).removeprefix("Verification failed: ")
        raise Refused(f"the quote does not verify: {reason}", hint="is its collateral of these days?") from None
    kind = "tdx" if found.is_tdx() else "sgx"
    if bytes(found.report.report_data) != data:
        raise Refused(
            f"the quote vouches for 0x{bytes(found.report.report_data).hex()}, not for 0x{data.hex()}",
            hint="its report data must be the hash that is signed, then zeros",
        )
    if _debuggable(kind, found.report):
        raise Refused("the enclave can be debugged, so its owner can change what it says", hint="run it in production")
    if report.status not in policy.statuses:
        raise Refused(
            f"the platform is {report.status}, the policy asks for {' or '.join(policy.statuses)}",
            hint="; ".join(report.advisory_ids) or "update its microcode",
        )
    return Attestation(kind, report.status, _allowed(kind, found.report, policy), tuple(report.advisory_ids))


def measurements(kind: str, report: Any) -> Mapping[str, str]:
    """The registers of a quote's report, as hex."""
    return {name: bytes(getattr(report, name)).hex() for name in _REGISTERS[kind]}


def _allowed(kind: str, report: Any, policy: Policy) -> tuple[tuple[str, str], ...]:
    """The registers that one entry of the policy names, all of which are as it says."""
    has = measurements(kind, report)
    for entry in policy.allow:
        named = {name: value for name, value in entry.model_dump(exclude={"kind"}).items() if value is not None}
        if entry.kind == kind and all(has[name] == value for name, value in named.items()):
            return tuple(named.items())
    main = _REGISTERS[kind][0]
    raise Refused(f"no entry of the policy allows {main} {has[main]}", hint="did you build it yourself?")


def _debuggable(kind: str, report: Any) -> bool:
    """TD attributes: bit 0 and the rest of its byte put a TD under debug; SGX attributes: bit 1."""
    if kind == "tdx":
        return bool(bytes(report.td_attributes)[0])
    return bool(bytes(report.attributes)[0] & _DEBUG_SGX)


def _read(attestation: bytes) -> tuple[bytes, Any]:
    hint = 'it is JSON: {"quote": "0x..", "collateral": {..}}'
    try:
        read = json.loads(attestation)
        quote, collateral = bytes.fromhex(read["quote"].removeprefix("0x")), read["collateral"]
        return quote, dcap_qvl.QuoteCollateralV3.from_json(json.dumps(collateral))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise BadInput(f"the attestation is malformed: {error}", hint=hint) from None
