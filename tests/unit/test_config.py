"""Settings: where they come from, and that every mistake is told at once."""

from pathlib import Path

import pytest

from oracle import config
from oracle.domain.errors import BadInput


def test_load__four_sources__flags_win_over_environment_over_file_over_defaults(tmp_path: Path) -> None:
    file = tmp_path / "gengov.toml"
    file.write_text('rpc = "http://file"\nhome = "file"\nengine = "fp32"\nmax_fee_gwei = 3\n')
    found = config.load(
        file=file,
        environment={"GENGOV_RPC": "http://env", "GENGOV_HOME": "env", "OTHER": "x"},
        flags={"rpc": "http://flag", "home": "", "keystore": None},
        defaults={"rpc": "http://devnet", "timeout": 3},
    )
    assert (found.rpc, found.home, found.engine, found.max_fee_gwei, found.timeout) == (
        "http://flag",
        Path("env"),
        "fp32",
        3,
        3,
    )


def test_load__several_mistakes__all_told_with_their_source(tmp_path: Path) -> None:
    file = tmp_path / "gengov.toml"
    file.write_text('engine = "gpu"\ncolour = 3\n')
    with pytest.raises(BadInput) as caught:
        config.load(
            file=file, environment={"GENGOV_MAX_FEE_GWEI": "0"}, flags={"rpc": "localhost", "keystore": "no/file"}
        )
    told = str(caught.value)
    assert f"{file}: engine: Input should be 'exact', 'fp32', 'vllm' or 'http'" in told
    assert f"{file}: colour: Extra inputs are not permitted" in told
    assert "the environment: max_fee_gwei:" in told
    assert "the command line: rpc: an RPC address begins with" in told
    assert "the command line: keystore: there is no file no/file" in told


def test_load__file_missing_or_not_toml__named(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"cannot read the settings file .*absent"):
        config.load(file=tmp_path / "absent.toml")
    broken = tmp_path / "broken.toml"
    broken.write_text("rpc = ")
    with pytest.raises(BadInput, match="is not TOML"):
        config.load(file=broken)


def test_load__bare_key__from_the_environment_only_and_never_shown(tmp_path: Path) -> None:
    found = config.load(environment={"GENGOV_KEY": "0xsecret"})
    assert found.key == "0xsecret"
    assert "secret" not in repr(found)
    file = tmp_path / "gengov.toml"
    file.write_text('key = "0xsecret"\n')
    with pytest.raises(BadInput, match="GENGOV_KEY only") as caught:
        config.load(file=file)
    assert "secret" not in str(caught.value)
