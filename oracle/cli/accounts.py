"""Accounts and 32-byte ids as people name them on the command line."""

import re

from eth_utils.address import is_address, is_checksum_address, to_checksum_address

from oracle.chain import accounts
from oracle.cli.devnet.state import ROLES, account_of
from oracle.domain.errors import BadInput
from oracle.wiring import Organisation


def role_address(role: str) -> str:
    """The address of a devnet role. BadInput names the roles there are."""
    return accounts.from_mnemonic(account_of(role), min(accounts.LOCAL_CHAINS)).address


def address_or_role(text: str) -> str:
    """A checksummed address from an address or a devnet role. BadInput for a broken checksum or anything else."""
    if text in ROLES:
        return role_address(text)
    if not is_address(text):
        raise BadInput(f"{text!r} is no address", hint=f"write 0x and 40 hex digits, or a role: {', '.join(ROLES)}")
    if text != text.lower() and not is_checksum_address(text):
        raise BadInput(f"the address {text} has a wrong checksum", hint="is a character mistyped?")
    return to_checksum_address(text)


def model_id(org: Organisation, text: str) -> bytes:
    """A model's 32-byte id from 0x hex or from its name in the deployment file; the only model if `text` is empty."""
    names = {model.name: model.id for model in org.file.models}
    if not text and len(names) == 1:
        text = next(iter(names.values()))
    return bytes32(names.get(text, text), "model", f"or a name: {', '.join(names)}")


def bytes32(text: str, what: str, more: str = "") -> bytes:
    """32 bytes from 0x hex. BadInput otherwise."""
    if not re.fullmatch(r"0x[0-9a-fA-F]{64}", text):
        raise BadInput(
            f"{what}: {text!r} is not 32 bytes in hex", hint=f"write 0x and 64 hex digits{', ' * bool(more)}{more}"
        )
    return bytes.fromhex(text[2:])


def proposal_id(org: Organisation, text: str) -> int:
    """A proposal's number from decimal, hex, or `latest`. BadInput otherwise, or if there is none."""
    if text == "latest":
        posted = org.chain.events("PromptUpdate", "ProposalPosted", first=org.file.block)
        if not posted:
            raise BadInput("no proposal was posted yet", hint="see where the slot stands: gengov slot show")
        return int(posted[-1].args["proposalId"])
    try:
        return int(text, 0)
    except ValueError:
        raise BadInput(f"{text!r} is no proposal id", hint="write a number, 0x hex, or latest") from None
