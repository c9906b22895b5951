"""The whole check of a proposal for commands that act on what it finds."""

from oracle import wiring
from oracle.cli.progress import bars
from oracle.cli.session import Session
from oracle.domain.verdict import CheckResult
from oracle.verification import verify_proposal


def check(session: Session, number: int) -> CheckResult:
    """With this machine's store and models, and a bar on stderr."""
    org = session.organisation
    with bars() as shown:
        opened = wiring.open_verifier(org).open_model
        return verify_proposal(wiring.on_chain(org), number, opened, progress=shown.samples("checking"))


def repeated_by(session: Session, number: int) -> str:
    """The command with which anybody who has the model makes the same evidence again."""
    deployment = session.settings.deployment
    named = f" --deployment {deployment}" if deployment else ""
    return f"gengov challenge evidence {number} --rpc {session.settings.rpc}{named}"
