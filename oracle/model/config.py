"""Reads a Hugging Face `config.json` of a Llama: exact numbers, and a refusal by name for any other architecture."""

import json
from dataclasses import dataclass
from dataclasses import replace as _replace
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any, cast

from oracle.domain.errors import BadInput
from oracle.mechanism.rotary import Rotary, ScalingKind

CONFIG_FILE = "config.json"
ARCHITECTURE = "LlamaForCausalLM"


@dataclass(frozen=True, slots=True)
class LlamaConfig:
    """What the forward pass needs to know; numbers that are not whole are exact fractions of their decimal text."""

    vocab_size: int
    hidden_size: int
    intermediate_size: int
    num_layers: int
    num_heads: int
    num_kv_heads: int
    head_dim: int
    max_positions: int
    norm_epsilon: Fraction
    rotary: Rotary
    tied_embeddings: bool
    attention_bias: bool
    mlp_bias: bool


def read_config(model_dir: Path) -> LlamaConfig:
    """The configuration in `model_dir`; raises BadInput naming the file and the setting that is missing or unknown."""
    path = model_dir / CONFIG_FILE
    raw = _Settings(path, read_json(path))
    architectures = raw.values.get("architectures", [])
    if architectures != [ARCHITECTURE] or raw.values.get("model_type") != "llama":
        raise BadInput(
            f"{path}: architecture {architectures} of type {raw.values.get('model_type')!r} is not {ARCHITECTURE}",
            hint="The embedded engine runs Llama-architecture folders; use another engine for this model.",
        )
    raw.expect("hidden_act", "silu", default="silu")
    heads, hidden = raw.whole("num_attention_heads"), raw.whole("hidden_size")
    config = LlamaConfig(
        vocab_size=raw.whole("vocab_size"),
        hidden_size=hidden,
        intermediate_size=raw.whole("intermediate_size"),
        num_layers=raw.whole("num_hidden_layers"),
        num_heads=heads,
        num_kv_heads=raw.whole("num_key_value_heads", default=heads),
        head_dim=raw.whole("head_dim", default=hidden // heads),
        max_positions=raw.whole("max_position_embeddings"),
        norm_epsilon=raw.fraction("rms_norm_eps"),
        rotary=Rotary(2, Fraction(1)),
        tied_embeddings=raw.flag("tie_word_embeddings"),
        attention_bias=raw.flag("attention_bias"),
        mlp_bias=raw.flag("mlp_bias"),
    )
    if config.num_heads % config.num_kv_heads or config.head_dim % 2:
        raise BadInput(
            f"{path}: {config.num_heads} heads over {config.num_kv_heads} key heads of {config.head_dim} dimensions",
            hint="Heads must be a multiple of key heads, and the head dimension even.",
        )
    return _with_rotary(config, raw)


def read_eos_tokens(model_dir: Path) -> list[int]:
    """Ids that end a text; empty if config.json names none."""
    value = read_json(model_dir / CONFIG_FILE).get("eos_token_id")
    tokens = value if isinstance(value, list) else [] if value is None else [value]
    if not all(isinstance(token, int) and token >= 0 for token in tokens):
        raise BadInput(
            f"{model_dir / CONFIG_FILE}: eos_token_id is {value!r}", hint="Give a token id or a list of them."
        )
    return tokens


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object from a file, decimals kept exactly (as Decimal); raises BadInput naming the file."""
    try:
        document = json.loads(path.read_text("utf-8"), parse_float=Decimal)
    except FileNotFoundError:
        raise BadInput(
            f"{path}: missing", hint="A model folder holds config.json, tokenizer.json and weights."
        ) from None
    except (OSError, UnicodeDecodeError, ValueError, RecursionError) as error:
        raise BadInput(f"{path}: not a readable JSON file: {error}", hint="Fetch the file again.") from None
    if not isinstance(document, dict):
        raise BadInput(f"{path}: not a JSON object", hint="Fetch the file again.")
    return document


def _with_rotary(config: LlamaConfig, raw: "_Settings") -> LlamaConfig:
    """Adds the rotary settings, written either as `rope_theta` + `rope_scaling` or as one `rope_parameters`."""
    both = raw.section("rope_scaling") | raw.section("rope_parameters")
    scaling = _Settings(raw.path, both, prefix="rope ")
    theta = (scaling if "rope_theta" in both else raw).fraction("rope_theta", default=Fraction(10_000))
    kind = both.get("rope_type", both.get("type", "default"))
    if kind not in ("default", "linear", "llama3"):
        raise BadInput(f"{raw.path}: rope type {kind!r} is unknown", hint="Known are default, linear and llama3.")
    rotary = Rotary(config.head_dim, theta, cast(ScalingKind, kind))
    if kind != "default":
        rotary = _replace(rotary, factor=scaling.fraction("factor"))
    if kind == "llama3":
        rotary = _replace(
            rotary,
            low_freq_factor=scaling.fraction("low_freq_factor"),
            high_freq_factor=scaling.fraction("high_freq_factor"),
            original_context=scaling.whole("original_max_position_embeddings"),
        )
    return _replace(config, rotary=rotary)


@dataclass(frozen=True, slots=True)
class _Settings:
    """Typed look-ups in a JSON object; each failure names file and setting."""

    path: Path
    values: dict[str, Any]
    prefix: str = ""

    def whole(self, key: str, *, default: int | None = None) -> int:
        value = self._get(key, default)
        if not isinstance(value, int) or isinstance(value, bool) or not 0 < value < 1 << 31:
            raise self._wrong(key, "a positive whole number")
        return value

    def fraction(self, key: str, *, default: Fraction | None = None) -> Fraction:
        value = self._get(key, default)
        if isinstance(value, bool) or not isinstance(value, int | Decimal | Fraction) or not 0 < value < 1 << 40:
            raise self._wrong(key, "a positive number")
        return Fraction(value)

    def flag(self, key: str) -> bool:
        value = self._get(key, False)
        if not isinstance(value, bool):
            raise self._wrong(key, "true or false")
        return value

    def section(self, key: str) -> dict[str, Any]:
        value = self.values.get(key) or {}
        if not isinstance(value, dict):
            raise self._wrong(key, "an object")
        return value

    def expect(self, key: str, wanted: str, *, default: str) -> None:
        if self._get(key, default) != wanted:
            raise self._wrong(key, repr(wanted))

    def _get(self, key: str, default: Any) -> Any:
        value = self.values.get(key)
        return default if value is None else value

    def _wrong(self, key: str, wanted: str) -> BadInput:
        return BadInput(
            f"{self.path}: {self.prefix}{key} is {self.values.get(key)!r}, not {wanted}",
            hint="Fetch the folder again, or convert it to a current Hugging Face layout.",
        )
