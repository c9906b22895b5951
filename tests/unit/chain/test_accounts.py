import json
from pathlib import Path

import pytest
from eth_account import Account

from oracle.chain import accounts
from oracle.domain.errors import BadInput, Refused

KEY = "0x" + "4c" * 32
ADDRESS = Account.from_key(KEY).address


@pytest.fixture
def keystore(tmp_path: Path) -> Path:
    path = tmp_path / "key.json"
    path.write_text(json.dumps(Account.encrypt(KEY, "secret", iterations=2)))
    return path


def test_keystore_opens_with_its_password(keystore: Path) -> None:
    assert accounts.from_keystore(keystore, lambda: "secret").address == ADDRESS


def test_wrong_password_is_refused_without_showing_it(keystore: Path) -> None:
    with pytest.raises(Refused) as caught:
        accounts.from_keystore(keystore, lambda: "hunter2")
    assert "hunter2" not in str(caught.value)


def test_password_is_not_asked_for_a_file_that_is_no_keystore(tmp_path: Path) -> None:
    path = tmp_path / "key.json"
    path.write_text("{}")
    with pytest.raises(BadInput, match="not of version 3"):
        accounts.from_keystore(path, lambda: pytest.fail("asked"))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("not json", "not JSON"),
        ("[3]", "not of version 3"),
        ('{"version": 3}', "lacks a part"),
        ('{"version": 3, "crypto": {"kdf": "none"}}', "lacks a part|damaged"),
    ],
)
def test_damaged_keystore_is_named(tmp_path: Path, text: str, reason: str) -> None:
    path = tmp_path / "key.json"
    path.write_text(text)
    with pytest.raises(BadInput, match=reason):
        accounts.from_keystore(path, lambda: "secret")


def test_missing_keystore_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="No such file"):
        accounts.from_keystore(tmp_path / "none.json", lambda: "")


@pytest.mark.parametrize("chain_id", [31337, 1337])
def test_bare_key_works_on_local_chains(chain_id: int) -> None:
    assert accounts.from_key(KEY, chain_id, "GENGOV_KEY").address == ADDRESS
    assert accounts.from_key(KEY.removeprefix("0x") + "\n", chain_id, "GENGOV_KEY").address == ADDRESS


def test_bare_key_is_refused_elsewhere_naming_where_it_came_from() -> None:
    with pytest.raises(Refused, match="GENGOV_KEY holds a bare key, and chain 1 is not a local one") as caught:
        accounts.from_key(KEY, 1, "GENGOV_KEY")
    assert "4c4c" not in str(caught.value)


@pytest.mark.parametrize("key", ["0x12", "hello", "", "0x" + "0" * 64, "f" * 64])
def test_malformed_key_is_refused_without_showing_it(key: str) -> None:
    with pytest.raises(BadInput, match="GENGOV_KEY is not a key") as caught:
        accounts.from_key(key, 31337, "GENGOV_KEY")
    assert not key or key not in str(caught.value)


def test_key_never_shows_in_a_representation() -> None:
    signer = accounts.from_key(KEY, 31337, "GENGOV_KEY")
    assert "4c4c" not in repr(signer) + str(signer)
    assert ADDRESS in repr(signer)


def test_development_accounts_are_the_well_known_ones_and_local_only() -> None:
    assert accounts.from_mnemonic(0, 31337).address == "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
    with pytest.raises(Refused, match="not used on chain 1"):
        accounts.from_mnemonic(0, 1)


def test_signed_typed_data_recovers_to_the_account() -> None:
    message = {
        "types": {"EIP712Domain": [{"name": "name", "type": "string"}], "Verdict": [{"name": "id", "type": "uint256"}]},
        "primaryType": "Verdict",
        "domain": {"name": "test"},
        "message": {"id": 7},
    }
    from eth_account.messages import encode_typed_data

    signature = accounts.from_key(KEY, 31337, "k").sign_typed_data(message)
    assert len(signature) == 65
    assert Account.recover_message(encode_typed_data(full_message=message), signature=signature) == ADDRESS


def test_password_file_gives_its_first_line(tmp_path: Path) -> None:
    path = tmp_path / "password"
    path.write_text("secret\nsecond line\n")
    path.chmod(0o600)
    assert accounts.password_from(path) == "secret"


def test_password_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "password"
    path.write_text("secret\n")
    path.chmod(0o644)
    with pytest.raises(Refused, match="can be read by others"):
        accounts.password_from(path)


@pytest.mark.parametrize("content", [b"", b"\xff\xfe"])
def test_password_file_without_text_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "password"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(BadInput, match="no first line"):
        accounts.password_from(path)
    with pytest.raises(BadInput, match="No such file"):
        accounts.password_from(tmp_path / "none")
