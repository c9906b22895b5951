"""Which sampling rules a model's answers must follow: those in its manifest, and no other approved ones."""

from oracle.domain.errors import OtherRules
from oracle.domain.sampler import Sampler
from oracle.mechanism.actions import sampler_id
from oracle.mechanism.chainless import sampler_for


def require_rules(committed: Sampler, claimed: Sampler, *, chainless: bool = False) -> None:
    """Raises OtherRules unless the claimed rules are those that the model is committed to.

    Governance approves rules for every model, so without this an answer of an exact model could be posted under the
    tolerance of another one. Without a chain, number of samples and class are free, and the rest follows from them.
    """
    wanted = sampler_for(committed, claimed.n, claimed.numeric_class) if chainless else committed
    if claimed != wanted:
        raise OtherRules(
            f"the answers are drawn by sampler 0x{sampler_id(claimed).hex()} of class {claimed.numeric_class} and tau "
            f"{claimed.tau}, the model is committed to 0x{sampler_id(wanted).hex()} of class {wanted.numeric_class} "
            f"and tau {wanted.tau}",
            committed=sampler_id(wanted),
            hint="a prompt names the sampler of its model: gengov prompt new --model",
        )
