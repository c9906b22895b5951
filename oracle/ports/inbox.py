"""Where members of a committee leave their signed verdicts for each other. Nothing in it is believed."""

from typing import Protocol


class VerdictInbox(Protocol):
    """Keeps messages (`mechanism/verdict_message.py`) by proposal, round and signer; one message each."""

    @property
    def place(self) -> str:
        """Its name for people: a folder or an address."""
        ...

    def put(self, proposal_id: int, round_: int, signer: str, message: bytes) -> None:
        """Leaves a message; the same again is no change. Unreachable if it cannot be left, Refused if not taken."""
        ...

    def messages(self, proposal_id: int, round_: int) -> list[bytes]:
        """What was left about one round, in order of signers. Readers check form and signature themselves."""
        ...
