"""Attestations with a real TDX quote: what passes, and each single thing that does not."""

import json
from pathlib import Path
from typing import Any

import dcap_qvl
import pytest

from oracle.domain.attestation import report_data
from oracle.domain.errors import BadInput, Refused
from oracle.enclave import quote as enclave
from oracle.enclave.policy import Policy, read_policy

FOLDER = Path(__file__).resolve().parents[1] / "data" / "privacy"
QUOTE = (FOLDER / "tdx_quote").read_bytes()
COLLATERAL = (FOLDER / "tdx_quote_collateral.json").read_text()
WHEN = 1_752_000_000
"""July 2025, while the collateral was valid."""

MR_TD = "91eb2b44d141d4ece09f0c75c2c53d247a3c68edd7fafe8a3520c942a604a407de03ae6dc5f87f27428b2538873118b7"
RT_MR0 = "44c0197b39157fdd7a4dcc44767f9d6b0bb3977c7a8e347b8492f827fe9d9e5c48aca29b220b80b6a540cf994b9bc9c0"
DATA = bytes.fromhex(
    "9a9d48e7f6799642d3d1b34e1e5e1742d4bb02dd6ddd551862c1211d35c304f9"
    "eca3efdbb481601c163cf52493d6e44aed55d51ec39b7e518fadb92c2b523f20"
)
DOCUMENT = enclave.document(QUOTE, COLLATERAL)


def policy(**registers: str) -> Policy:
    return Policy.model_validate({"allow": [{"kind": "tdx", "mr_td": MR_TD} | registers]})


def test_check__a_genuine_quote__passes_and_names_what_was_compared() -> None:
    found = enclave.check(DOCUMENT, policy(rt_mr0=RT_MR0), DATA, WHEN)
    assert (found.kind, found.status, found.advisories) == ("tdx", "UpToDate", ())
    assert dict(found.measurements) == {"mr_td": MR_TD, "rt_mr0": RT_MR0}


def test_report_data__is_the_hash_then_zeros() -> None:
    assert report_data(b"\x07" * 32) == b"\x07" * 32 + bytes(32)


@pytest.mark.parametrize(
    ("allowed", "data", "now", "said"),
    [
        (policy(), report_data(DATA[:32]), WHEN, "vouches for"),
        (policy(), DATA, WHEN + 30 * 86_400, "expired"),
        (policy(), DATA, 1_700_000_000, "future"),
        (policy(mr_td="00" * 48), DATA, WHEN, "no entry of the policy"),
        (policy(rt_mr3="11" * 48), DATA, WHEN, "no entry of the policy"),
        (Policy.model_validate({"allow": [{"kind": "sgx", "mr_enclave": "00" * 32}]}), DATA, WHEN, "no entry"),
        (policy().model_copy(update={"statuses": ("SWHardeningNeeded",)}), DATA, WHEN, "is UpToDate"),
    ],
)
def test_check__one_thing_off__is_refused(allowed: Policy, data: bytes, now: int, said: str) -> None:
    with pytest.raises(Refused, match=said):
        enclave.check(DOCUMENT, allowed, data, now)


@pytest.mark.parametrize("place", [0, 50, 150, 600, 700, 1_200])
def test_check__a_flipped_bit__is_refused(place: int) -> None:
    flipped = QUOTE[:place] + bytes([QUOTE[place] ^ 1]) + QUOTE[place + 1 :]
    with pytest.raises(Refused):
        enclave.check(enclave.document(flipped, COLLATERAL), policy(), DATA, WHEN)


def test_check__collateral_that_was_changed__is_refused() -> None:
    changed = json.loads(COLLATERAL)
    changed["tcb_info"] = changed["tcb_info"].replace("OutOfDate", "UpToDate")
    with pytest.raises(Refused, match="does not verify"):
        enclave.check(enclave.document(QUOTE, json.dumps(changed)), policy(), DATA, WHEN)


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"[]",
        b"{}",
        b'{"quote": 5, "collateral": {}}',
        b'{"quote": "0xzz", "collateral": {}}',
        b'{"quote": "0x00", "collateral": {}}',
        b"[" * 100_000,
        b"\xff",
    ],
)
def test_check__malformed__is_bad_input(document: bytes) -> None:
    with pytest.raises(BadInput, match="malformed"):
        enclave.check(document, policy(), DATA, WHEN)


def test_check__a_quote_of_nothing__is_refused() -> None:
    with pytest.raises(Refused, match="does not verify"):
        enclave.check(enclave.document(b"", COLLATERAL), policy(), DATA, WHEN)


class Report:
    """The fields of an SGX report; real quotes at hand are of TDX."""

    mr_enclave, mr_signer = b"\x01" * 32, b"\x02" * 32

    def __init__(self, attributes: bytes) -> None:
        self.attributes = attributes


def test_sgx__registers_and_debug_bit__are_read_from_the_report() -> None:
    assert enclave.measurements("sgx", Report(bytes(16))) == {"mr_enclave": "01" * 32, "mr_signer": "02" * 32}
    assert enclave._debuggable("sgx", Report(b"\x06" + bytes(15)))
    assert not enclave._debuggable("sgx", Report(b"\x05" + bytes(15)))
    parsed = dcap_qvl.parse_quote(QUOTE)
    assert not enclave._debuggable("tdx", parsed.report)


def test_policy__file__is_read_whole_or_every_mistake_is_named(tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_text(f'statuses = ["UpToDate"]\n[[allow]]\nkind = "tdx"\nmr_td = "{MR_TD}"\n')
    assert read_policy(path) == policy()
    bad: list[tuple[Any, str]] = [
        ("allow = []", "allow"),
        ('[[allow]]\nkind = "tdx"\nmr_td = "00"', "mr_td"),
        ('[[allow]]\nkind = "sev"\nmr_td = "00"', "sev"),
        (f'[[allow]]\nkind = "tdx"\nmr_td = "{MR_TD}"\nmore = 1', "more"),
        ("[[", "not TOML"),
    ]
    for text, said in bad:
        path.write_text(text)
        with pytest.raises(BadInput, match=said):
            read_policy(path)
    with pytest.raises(BadInput, match="cannot read"):
        read_policy(tmp_path / "none.toml")
