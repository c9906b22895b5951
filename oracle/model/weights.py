"""Reads the safetensors of a model folder, single or sharded, as float32 arrays (bf16 and fp16 convert exactly)."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import safetensors

from oracle.domain.errors import BadInput
from oracle.model.config import LlamaConfig, read_json

Float32 = npt.NDArray[np.float32]
Shape = tuple[int, ...]

SINGLE_FILE = "model.safetensors"
INDEX_FILE = "model.safetensors.index.json"
_REFETCH = "Fetch the file again and compare it with its manifest (`gengov model verify`)."


def read_weights(model_dir: Path, config: LlamaConfig) -> dict[str, Float32]:
    """Every tensor of the architecture by its Hugging Face name.

    Raises BadInput naming the file or tensor that is missing, unknown, of another shape or type, or not finite.
    """
    wanted = expected_shapes(config)
    found: dict[str, Float32] = {}
    for path in weight_files(model_dir):
        for name, tensor in _tensors(path):
            if name not in wanted:
                if name.endswith("rotary_emb.inv_freq") or (name == "lm_head.weight" and config.tied_embeddings):
                    continue  # written by older exporters; computed from the config instead
                raise BadInput(f"{path}: tensor {name} is unknown to the architecture", hint=_REFETCH)
            if tensor.shape != wanted[name]:
                raise BadInput(
                    f"{path}: tensor {name} has shape {list(tensor.shape)}, config.json asks for {list(wanted[name])}",
                    hint="Weights and config.json must come from the same model.",
                )
            if not np.isfinite(tensor).all():
                raise BadInput(f"{path}: tensor {name} holds values that are not finite", hint=_REFETCH)
            found[name] = tensor
    missing = sorted(set(wanted) - set(found))
    if missing:
        raise BadInput(f"{model_dir}: tensor {missing[0]} is missing ({len(missing)} in all)", hint=_REFETCH)
    return found


def weight_files(model_dir: Path) -> list[Path]:
    """The weight files: `model.safetensors`, or the shards that the index names, in order of name."""
    single, index = model_dir / SINGLE_FILE, model_dir / INDEX_FILE
    if single.is_file():
        return [single]
    if not index.is_file():
        raise BadInput(f"{model_dir}: neither {SINGLE_FILE} nor {INDEX_FILE}", hint="Pickled weights are never read.")
    shard_of = read_json(index).get("weight_map")
    if not isinstance(shard_of, dict) or not all(isinstance(name, str) for name in shard_of.values()):
        raise BadInput(f"{index}: weight_map is not an object of file names", hint=_REFETCH)
    shards = sorted(set(shard_of.values()))
    for name in shards:
        if Path(name).name != name or not name.endswith(".safetensors"):
            raise BadInput(f"{index}: {name!r} is not a safetensors file of this folder", hint=_REFETCH)
        if not (model_dir / name).is_file():
            raise BadInput(f"{model_dir / name}: missing, though {INDEX_FILE} names it", hint=_REFETCH)
    return [model_dir / name for name in shards]


def expected_shapes(config: LlamaConfig) -> dict[str, Shape]:
    """Name -> shape of every tensor that a Llama of this configuration has."""
    hidden, inner = config.hidden_size, config.intermediate_size
    queries, keys = config.num_heads * config.head_dim, config.num_kv_heads * config.head_dim
    shapes: dict[str, Shape] = {
        "model.embed_tokens.weight": (config.vocab_size, hidden),
        "model.norm.weight": (hidden,),
    }
    if not config.tied_embeddings:
        shapes["lm_head.weight"] = (config.vocab_size, hidden)
    attention = {"q_proj": (queries, hidden), "k_proj": (keys, hidden), "v_proj": (keys, hidden)}
    attention["o_proj"] = (hidden, queries)
    mlp = {"gate_proj": (inner, hidden), "up_proj": (inner, hidden), "down_proj": (hidden, inner)}
    for layer in range(config.num_layers):
        prefix = f"model.layers.{layer}."
        shapes[prefix + "input_layernorm.weight"] = shapes[prefix + "post_attention_layernorm.weight"] = (hidden,)
        for part, matrices, has_bias in (
            ("self_attn", attention, config.attention_bias),
            ("mlp", mlp, config.mlp_bias),
        ):
            for name, shape in matrices.items():
                shapes[f"{prefix}{part}.{name}.weight"] = shape
                if has_bias:
                    shapes[f"{prefix}{part}.{name}.bias"] = shape[:1]
    return shapes


def _tensors(path: Path) -> Iterator[tuple[str, Float32]]:
    try:
        # The library ships no types for this function.
        entries = safetensors.deserialize(path.read_bytes())  # type: ignore[no-untyped-call]
    except (OSError, safetensors.SafetensorError) as error:
        raise BadInput(f"{path}: not a readable safetensors file: {error}", hint=_REFETCH) from None
    for name, entry in entries:
        yield name, _float32(path, name, entry["dtype"], entry["data"]).reshape(entry["shape"])


def _float32(path: Path, name: str, dtype: str, data: bytes) -> Float32:
    if dtype == "BF16":  # the upper half of a float32
        return (np.frombuffer(data, dtype="<u2").astype(np.uint32) << 16).view(np.float32)
    if dtype in ("F16", "F32"):
        return np.frombuffer(data, dtype="<f2" if dtype == "F16" else "<f4").astype(np.float32)
    raise BadInput(f"{path}: tensor {name} is {dtype}", hint="Weights must be BF16, F16 or F32.")
