"""A compact Llama in torch with the semantics and weight names of the Hugging Face one."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn


@dataclass(frozen=True, slots=True)
class Shape:
    """Sizes of the network; `config` gives the Hugging Face form."""

    vocab: int = 700
    hidden: int = 192
    layers: int = 4
    heads: int = 6
    inner: int = 512
    context: int = 1024
    theta: float = 10000.0
    epsilon: float = 1e-5

    def config(self, end: int) -> dict[str, object]:
        """The content of config.json; `end` is the id of the end mark."""
        return {
            "architectures": ["LlamaForCausalLM"],
            "model_type": "llama",
            "vocab_size": self.vocab,
            "hidden_size": self.hidden,
            "num_hidden_layers": self.layers,
            "num_attention_heads": self.heads,
            "num_key_value_heads": self.heads,
            "head_dim": self.hidden // self.heads,
            "intermediate_size": self.inner,
            "hidden_act": "silu",
            "max_position_embeddings": self.context,
            "rms_norm_eps": self.epsilon,
            "rope_theta": self.theta,
            "rope_scaling": None,
            "attention_bias": False,
            "mlp_bias": False,
            "attention_dropout": 0.0,
            "tie_word_embeddings": True,
            "initializer_range": 0.02,
            "bos_token_id": None,
            "eos_token_id": end,
            "pad_token_id": end,
            "use_cache": True,
            "dtype": "float32",
        }


class Norm(nn.Module):
    """Root mean square norm over the last axis."""

    def __init__(self, size: int, epsilon: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(size))
        self.epsilon = epsilon

    def forward(self, x: Tensor) -> Tensor:
        """Same shape as `x`."""
        return F.rms_norm(x, (x.shape[-1],), self.weight, self.epsilon)


class Attention(nn.Module):
    """Rotary self-attention without biases."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.heads = shape.heads
        for name in ("q_proj", "k_proj", "v_proj", "o_proj"):
            setattr(self, name, nn.Linear(shape.hidden, shape.hidden, bias=False))

    def forward(self, x: Tensor, turn: tuple[Tensor, Tensor], mask: Tensor) -> Tensor:
        """`x` (B, T, H); `turn` cosines and sines (B, 1, T, D); `mask` (B * heads, T, T), added to the scores."""
        rows, length, hidden = x.shape
        weights = torch.cat((self.q_proj.weight, self.k_proj.weight, self.v_proj.weight))
        parts = F.linear(x, weights).view(rows, length, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        query, key = _rotate(parts[0], turn).flatten(0, 1), _rotate(parts[1], turn).flatten(0, 1)
        # Plain products beat the fused kernel on a CPU at this size; autocast would take softmax to float32.
        with torch.autocast("cpu", enabled=False):
            scores = torch.baddbmm(mask, query, key.transpose(1, 2), alpha=query.shape[-1] ** -0.5)
            mixed = torch.bmm(scores.softmax(-1), parts[2].flatten(0, 1)).view(rows, self.heads, length, -1)
        out: Tensor = self.o_proj(mixed.transpose(1, 2).reshape(rows, length, hidden))
        return out


class Mlp(nn.Module):
    """Gated feed-forward layer (SwiGLU)."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.gate_proj = nn.Linear(shape.hidden, shape.inner, bias=False)
        self.up_proj = nn.Linear(shape.hidden, shape.inner, bias=False)
        self.down_proj = nn.Linear(shape.inner, shape.hidden, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Same shape as `x`."""
        out: Tensor = self.down_proj(F.silu(self.gate_proj(x)) * self.up_proj(x))
        return out


class Layer(nn.Module):
    """Attention and feed-forward, each behind a norm."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.input_layernorm = Norm(shape.hidden, shape.epsilon)
        self.self_attn = Attention(shape)
        self.post_attention_layernorm = Norm(shape.hidden, shape.epsilon)
        self.mlp = Mlp(shape)

    def forward(self, x: Tensor, turn: tuple[Tensor, Tensor], mask: Tensor) -> Tensor:
        """Same shape as `x`."""
        x = x + self.self_attn(self.input_layernorm(x), turn, mask)
        out: Tensor = x + self.mlp(self.post_attention_layernorm(x))
        return out


class Body(nn.Module):
    """Embedding, layers and the last norm."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.embed_tokens = nn.Embedding(shape.vocab, shape.hidden)
        self.layers = nn.ModuleList(Layer(shape) for _ in range(shape.layers))
        self.norm = Norm(shape.hidden, shape.epsilon)


class Llama(nn.Module):
    """The network; its state dict has the names of the Hugging Face model (tied output layer)."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.model = Body(shape)
        nn.init.normal_(self.model.embed_tokens.weight, std=0.02)
        for layer in self.model.layers:
            for name, matrix in layer.named_parameters():
                if matrix.dim() > 1:
                    # Layers that add to the stream start smaller, the deeper the network.
                    adds = name.endswith(("o_proj.weight", "down_proj.weight"))
                    nn.init.normal_(matrix, std=0.06 / (2 * shape.layers) ** 0.5 if adds else 0.06)

    def forward(self, tokens: Tensor, positions: Tensor, segments: Tensor, sources: Tensor) -> Tensor:
        """Logits (N, V) at the N flat positions `sources` of `tokens` (B, T)."""
        kind = torch.bfloat16 if torch.is_autocast_enabled("cpu") else torch.float32
        turn = _turns(self.shape, positions, kind)
        mask = _mask(segments, kind).repeat_interleave(self.shape.heads, dim=0)
        x = self.model.embed_tokens(tokens)
        for layer in self.model.layers:
            x = layer(x, turn, mask)
        chosen = self.model.norm(x.flatten(0, 1)[sources])
        return F.linear(chosen, self.model.embed_tokens.weight)


def _turns(shape: Shape, positions: Tensor, kind: torch.dtype) -> tuple[Tensor, Tensor]:
    size = shape.hidden // shape.heads
    rates = shape.theta ** (-torch.arange(0, size, 2, dtype=torch.float32) / size)
    angles = positions[:, None, :, None].float() * rates
    cosines, sines = angles.cos(), angles.sin()
    return torch.cat((cosines, cosines), dim=-1).to(kind), torch.cat((-sines, sines), dim=-1).to(kind)


def _rotate(x: Tensor, turn: tuple[Tensor, Tensor]) -> Tensor:
    low, high = x.chunk(2, dim=-1)
    return x * turn[0] + torch.cat((high, low), dim=-1) * turn[1]


def _mask(segments: Tensor, kind: torch.dtype) -> Tensor:
    # A token sees the prompt and what came before it in its own answer; padding sees its like only.
    length = segments.shape[1]
    earlier = torch.ones(length, length, dtype=torch.bool).tril()
    same = segments[:, :, None] == segments[:, None, :]
    visible = earlier & (same | (segments[:, None, :] == 0))
    return torch.zeros(visible.shape, dtype=kind).masked_fill(~visible, float("-inf"))
