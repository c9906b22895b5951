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


# -- the engine and its options ---------------------------------------------------------------------------------------


def test_load__engine_options__from_file_and_environment_the_latter_wins(tmp_path: Path) -> None:
    file = tmp_path / "gengov.toml"
    file.write_text(
        'engine = "http"\n[engine_options]\nurls = ["http://one:8000/v1/", "https://two"]\nattempts = 2\nparallel = 3\n'
    )
    found = config.load(file=file, environment={"GENGOV_ENGINE_ATTEMPTS": "7"}).engine_options
    assert (found.urls, found.attempts, found.parallel) == (("http://one:8000", "https://two"), 7, 3)


def test_load__engine_options__from_the_environment_alone() -> None:
    found = config.load(
        environment={
            "GENGOV_ENGINE": "http",
            "GENGOV_ENGINE_URLS": "http://one, http://two",
            "GENGOV_ENGINE_KEY_FILE": "",
        }
    )
    assert (found.engine, found.engine_options.urls) == ("http", ("http://one", "http://two"))
    many = {"GENGOV_ENGINE": "vllm", "GENGOV_ENGINE_TENSOR_PARALLEL": "8", "GENGOV_ENGINE_EXECUTOR": "ray"}
    options = config.load(environment=many).engine_options
    assert (options.tensor_parallel, options.executor) == (8, "ray")


def test_load__mistakes_in_engine_options__all_told_with_their_source(tmp_path: Path) -> None:
    file = tmp_path / "gengov.toml"
    file.write_text(
        'engine = "vllm"\n[engine_options]\ndtype = "int4"\nurls = ["host:8000"]\ncolour = 1\nkey_file = "no/file"\n'
    )
    with pytest.raises(BadInput) as caught:
        config.load(file=file, environment={"GENGOV_ENGINE_TENSOR_PARALLEL": "0", "GENGOV_ENGINE_EXECUTOR": "slurm"})
    told = str(caught.value)
    for mistake in (
        f"{file}: engine_options.dtype: Input should be 'float32' or 'bfloat16'",
        f"{file}: engine_options.urls: 'host:8000' is not an address",
        f"{file}: engine_options.colour: Extra inputs are not permitted",
        f"{file}: engine_options.key_file: there is no file no/file",
        "the environment: engine_options.tensor_parallel: Input should be greater than or equal to 1",
        "the environment: engine_options.executor: Input should be 'uni', 'mp' or 'ray'",
        f"{file}: engine_options.urls: engine 'vllm' does not read it",
    ):
        assert mistake in told


@pytest.mark.parametrize(
    ("environment", "told"),
    [
        ({"ENGINE": "http"}, "engine_options.urls: engine 'http' needs the address of at least one server"),
        ({"ENGINE_URLS": "http://one"}, "the environment: engine_options.urls: engine 'exact' does not read it"),
        ({"ENGINE": "fp32", "ENGINE_DTYPE": "float32"}, "engine_options.dtype: engine 'fp32' does not read it"),
        ({"ENGINE": "http", "ENGINE_URLS": "http://a,http://a"}, "an address is named twice"),
        ({"ENGINE": "http", "ENGINE_URLS": "http://me:word@a"}, "an address holds no password"),
        ({"ENGINE": "http", "ENGINE_URLS": "http://a", "ENGINE_PATIENCE": "0"}, "engine_options.patience"),
    ],
)
def test_load__engine_and_options_that_do_not_fit__are_told(environment: dict[str, str], told: str) -> None:
    with pytest.raises(BadInput) as caught:
        config.load(environment={f"GENGOV_{name}": value for name, value in environment.items()})
    assert told in str(caught.value)
    assert "word" not in str(caught.value).replace("password", "")


def test_load__engine_options_that_are_no_table__are_told(tmp_path: Path) -> None:
    file = tmp_path / "gengov.toml"
    file.write_text("engine_options = 3\n")
    with pytest.raises(BadInput, match="engine_options: "):
        config.load(file=file)
