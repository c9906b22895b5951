"""Accounts that sign: keystore v3 with a password; a bare key on local chains only. Keys are never shown."""

import json
import os
import re
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from eth_account import Account
from eth_account.signers.local import LocalAccount

from oracle.domain.errors import BadInput, Refused

LOCAL_CHAINS = frozenset({31337, 1337})
"""Chain ids of Anvil and Ganache: the only ones where a key may come from the environment."""

DEV_MNEMONIC = "test test test test test test test test test test test junk"
"""The mnemonic that development nodes share; its accounts are worth nothing."""


class LocalSigner:
    """Signs with a key in memory; implements `oracle.ports.signer.Signer`."""

    def __init__(self, account: LocalAccount) -> None:
        self._account = account

    @property
    def address(self) -> str:
        """The account, checksummed."""
        return str(self._account.address)

    def sign_transaction(self, transaction: Mapping[str, Any]) -> tuple[bytes, bytes]:
        """(raw bytes, hash)."""
        signed = self._account.sign_transaction(dict(transaction))
        return bytes(signed.raw_transaction), bytes(signed.hash)

    def sign_typed_data(self, message: Mapping[str, Any]) -> bytes:
        """65 bytes r, s, v of a full EIP-712 message."""
        return bytes(self._account.sign_typed_data(full_message=dict(message)).signature)

    def __repr__(self) -> str:
        return f"LocalSigner({self.address})"


def from_keystore(path: Path, password: Callable[[], str]) -> LocalSigner:
    """Opens a keystore v3 file; `password` is asked only once the file is known to be one."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadInput(f"cannot read the keystore {path}: {error.strerror}", hint="give --keystore a file") from error
    except ValueError as error:
        raise BadInput(f"the keystore {path} is not JSON", hint="expected a keystore v3 file") from error
    if not isinstance(document, dict) or document.get("version") != 3:
        raise BadInput(f"the keystore {path} is not of version 3", hint="make one with: cast wallet new --help")
    try:
        return LocalSigner(Account.from_key(Account.decrypt(document, password())))
    except ValueError as error:
        if "MAC" in str(error):
            raise Refused(f"the password does not open the keystore {path}", hint="check the password file") from None
        raise BadInput(f"the keystore {path} is damaged", hint="restore it from a back-up") from None
    except (KeyError, TypeError, AttributeError):
        raise BadInput(f"the keystore {path} lacks a part of version 3", hint="restore it from a back-up") from None


def from_key(key: str, chain_id: int, source: str) -> LocalSigner:
    """A bare key of 32 bytes in hex, from `source` (named in errors, unlike the key). Refused off local chains."""
    if chain_id not in LOCAL_CHAINS:
        raise Refused(
            f"{source} holds a bare key, and chain {chain_id} is not a local one",
            hint="put the key into a keystore (cast wallet import) and give --keystore",
        )
    if not re.fullmatch(r"(0x)?[0-9a-fA-F]{64}", key.strip()):
        raise BadInput(f"{source} is not a key: expected 64 hex digits", hint="the value is not shown here on purpose")
    try:
        return LocalSigner(Account.from_key(key.strip()))
    except ValueError:
        raise BadInput(f"{source} is not a key of the curve secp256k1") from None


@cache
def from_mnemonic(index: int, chain_id: int, mnemonic: str = DEV_MNEMONIC) -> LocalSigner:
    """Account `index` of a development node. Refused off local chains."""
    if chain_id not in LOCAL_CHAINS:
        raise Refused(f"development accounts are not used on chain {chain_id}", hint="give --keystore")
    Account.enable_unaudited_hdwallet_features()
    return LocalSigner(Account.from_mnemonic(mnemonic, account_path=f"m/44'/60'/0'/0/{index}"))


def password_from(path: Path) -> str:
    """The first line of a password file, which only its owner may read. Refused if others may."""
    try:
        if os.name == "posix" and path.stat().st_mode & 0o077:
            raise Refused(f"the password file {path} can be read by others", hint=f"chmod 600 {path}")
        return path.read_text(encoding="utf-8").splitlines()[0]
    except OSError as error:
        raise BadInput(f"cannot read the password file {path}: {error.strerror}") from error
    except (UnicodeDecodeError, IndexError) as error:
        raise BadInput(f"the password file {path} has no first line of text") from error
