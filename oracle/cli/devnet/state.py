"""What a running local chain leaves on disk, so that the next command finds it: `.gengov/devnet.json`."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from oracle.domain.errors import BadInput

HOME = Path(".gengov")
STATE_FILE = HOME / "devnet.json"

ROLES = {
    "deployer": 0,
    "prompter": 1,
    "rival": 2,
    "setter": 3,
    "alice": 4,
    "bob": 5,
    "carol": 6,
    "challenger": 7,
    "operator": 8,
    "verifier1": 9,
    "verifier2": 10,
    "verifier3": 11,
}
"""Account index in the development mnemonic by role."""


class DevnetState(BaseModel):
    """A local chain that `devnet up` or `devnet demo --keep` started."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    network: str
    rpc: str
    chain_id: int
    pid: int
    deployment: Path
    home: Path
    models: Path
    snapshot: str

    def save(self) -> None:
        """Write the file in one step."""
        STATE_FILE.parent.mkdir(parents=True, exist_ok=True)
        partial = STATE_FILE.with_suffix(".tmp")
        partial.write_text(self.model_dump_json(indent=2) + "\n", encoding="utf-8")
        partial.replace(STATE_FILE)


def read() -> DevnetState | None:
    """The state in the current folder, None if no devnet was started here."""
    try:
        return DevnetState.model_validate_json(STATE_FILE.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, ValidationError):
        raise BadInput(f"{STATE_FILE} is damaged", hint="delete it, then: gengov devnet up") from None


def require() -> DevnetState:
    """The state in the current folder. BadInput if no devnet was started here."""
    state = read()
    if state is None:
        raise BadInput(f"no local chain was started in this folder: {STATE_FILE} is not there", hint="gengov devnet up")
    return state


def forget() -> None:
    """Remove the file; not there is no error."""
    STATE_FILE.unlink(missing_ok=True)


def account_of(role: str) -> int:
    """Index of a role's account. BadInput names the roles there are."""
    if role not in ROLES:
        raise BadInput(f"--as: there is no devnet role {role!r}", hint=f"roles are {', '.join(ROLES)}")
    return ROLES[role]
