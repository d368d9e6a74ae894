"""Published models as `ModelConfig`, to count with: no weights, only what each maker wrote down.

Every preset names its source, and holds the parameter counts as its maker prints them, so that a
test can compare our formula with them.
Newer models are read from their config.json (published.py), as a folder's would be.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from ..config import (
    DenseConfig,
    GQAConfig,
    LayerConfig,
    Llama3Scaling,
    MLAConfig,
    ModelConfig,
    MoEConfig,
    RopeConfig,
    YarnScaling,
)
from ..files.convert.huggingface_config import read_config
from .published import CONFIGS


@dataclass(frozen=True, kw_only=True)
class Preset:
    """A published model: its architecture, where the numbers were read, and what its maker prints."""

    name: str
    title: str
    config: ModelConfig
    source: str
    total: str  # parameters as the maker prints them, such as "671B"
    active: str | None = None  # per token, where the maker prints it
    active_includes_tables: bool = False  # whether that counts the whole embedding table or the row looked up
    beyond: str = ""  # what their count has more, or less, than what predicts the next token here


def _deepseek(
    *, d_model: int, n_layers: int, vocab_size: int, attention: MLAConfig, feed_forward: MoEConfig, mscale: float
) -> ModelConfig:
    scaling = YarnScaling(factor=40, original_context=4096, mscale=mscale, mscale_all_dim=mscale)
    return ModelConfig(
        vocab_size=vocab_size,
        d_model=d_model,
        n_layers=n_layers,
        context=163_840,
        attention=attention,
        feed_forward=feed_forward,
        norm_eps=1e-6,
        rope=RopeConfig(pairing="interleaved", scaling=scaling),
        tied_embeddings=False,
    )


def _mla(n_heads: int, q_lora_rank: int | None) -> MLAConfig:
    return MLAConfig(
        n_heads=n_heads,
        q_lora_rank=q_lora_rank,
        kv_lora_rank=512,
        qk_nope_head_dim=128,
        qk_rope_head_dim=64,
        v_head_dim=128,
    )


def _llama(
    *,
    d_model: int,
    n_layers: int,
    n_heads: int,
    n_kv_heads: int,
    hidden: int,
    vocab_size: int,
    context: int,
    rope: RopeConfig,
    norm_eps: float = 1e-5,
    tied: bool = False,
    qkv_bias: bool = False,
    sliding_window: int | None = None,
) -> ModelConfig:
    return ModelConfig(
        vocab_size=vocab_size,
        d_model=d_model,
        n_layers=n_layers,
        context=context,
        attention=GQAConfig(
            n_heads=n_heads,
            n_kv_heads=n_kv_heads,
            head_dim=d_model // n_heads,
            qkv_bias=qkv_bias,
            sliding_window=sliding_window,
        ),
        feed_forward=DenseConfig(hidden=hidden),
        norm_eps=norm_eps,
        rope=rope,
        tied_embeddings=tied,
    )


def _llama31(d_model: int, n_layers: int, n_heads: int, hidden: int) -> ModelConfig:
    scaling = Llama3Scaling(factor=8, low_freq_factor=1, high_freq_factor=4, original_context=8192)
    rope = RopeConfig(theta=500_000, scaling=scaling)
    return _llama(
        d_model=d_model,
        n_layers=n_layers,
        n_heads=n_heads,
        n_kv_heads=8,
        hidden=hidden,
        vocab_size=128_256,
        context=131_072,
        rope=rope,
    )


def _qwen3_moe(*, d_model: int, n_layers: int, n_heads: int, moe_intermediate_size: int) -> ModelConfig:
    return ModelConfig(
        vocab_size=151_936,
        d_model=d_model,
        n_layers=n_layers,
        context=40_960,
        attention=GQAConfig(n_heads=n_heads, n_kv_heads=4, head_dim=128, qk_norm=True),
        feed_forward=MoEConfig(
            n_routed_experts=128,
            num_experts_per_tok=8,
            moe_intermediate_size=moe_intermediate_size,
            scoring_func="softmax",
        ),
        norm_eps=1e-6,
        rope=RopeConfig(theta=1_000_000),
        tied_embeddings=False,
    )


def _gpt2(d_model: int, n_layers: int, n_heads: int) -> ModelConfig:
    return ModelConfig(
        vocab_size=50_257,
        d_model=d_model,
        n_layers=n_layers,
        context=1024,
        attention=GQAConfig(
            n_heads=n_heads, n_kv_heads=n_heads, head_dim=d_model // n_heads, qkv_bias=True, out_bias=True
        ),
        feed_forward=DenseConfig(hidden=4 * d_model, activation="gelu_tanh", gated=False, bias=True),
        norm="layer",
        positions="learned",
        tied_embeddings=True,
    )


_DEEPSEEK_V3 = _deepseek(
    d_model=7168,
    n_layers=61,
    vocab_size=129_280,
    attention=_mla(128, 1536),
    feed_forward=MoEConfig(
        n_routed_experts=256,
        num_experts_per_tok=8,
        moe_intermediate_size=2048,
        n_shared_experts=1,
        scoring_func="sigmoid",
        selection_bias=True,
        n_group=8,
        topk_group=4,
        norm_topk_prob=True,
        routed_scaling_factor=2.5,
        first_k_dense_replace=3,
        dense_intermediate_size=18_432,
    ),
    mscale=1.0,
)

_DEEPSEEK_V2 = _deepseek(
    d_model=5120,
    n_layers=60,
    vocab_size=102_400,
    attention=_mla(128, 1536),
    feed_forward=MoEConfig(
        n_routed_experts=160,
        num_experts_per_tok=6,
        moe_intermediate_size=1536,
        n_shared_experts=2,
        scoring_func="softmax",
        n_group=8,
        topk_group=3,
        group_score="max",
        norm_topk_prob=False,
        routed_scaling_factor=16.0,
        first_k_dense_replace=1,
        dense_intermediate_size=12_288,
    ),
    mscale=0.707,
)

_DEEPSEEK_V2_LITE = _deepseek(
    d_model=2048,
    n_layers=27,
    vocab_size=102_400,
    attention=_mla(16, None),
    feed_forward=MoEConfig(
        n_routed_experts=64,
        num_experts_per_tok=6,
        moe_intermediate_size=1408,
        n_shared_experts=2,
        scoring_func="softmax",
        norm_topk_prob=False,
        first_k_dense_replace=1,
        dense_intermediate_size=10_944,
    ),
    mscale=0.707,
)

_MIXTRAL = ModelConfig(
    vocab_size=32_000,
    d_model=4096,
    n_layers=32,
    context=32_768,
    attention=GQAConfig(n_heads=32, n_kv_heads=8, head_dim=128),
    feed_forward=MoEConfig(
        n_routed_experts=8, num_experts_per_tok=2, moe_intermediate_size=14_336, scoring_func="softmax"
    ),
    rope=RopeConfig(theta=1_000_000),
    tied_embeddings=False,
)

_LLAMA2_7B = _llama(
    d_model=4096,
    n_layers=32,
    n_heads=32,
    n_kv_heads=32,
    hidden=11_008,
    vocab_size=32_000,
    context=4096,
    rope=RopeConfig(),
)
_MISTRAL_7B = _llama(
    d_model=4096,
    n_layers=32,
    n_heads=32,
    n_kv_heads=8,
    hidden=14_336,
    vocab_size=32_000,
    context=32_768,
    rope=RopeConfig(),
    sliding_window=4096,
)
_QWEN25_72B = _llama(
    d_model=8192,
    n_layers=80,
    n_heads=64,
    n_kv_heads=8,
    hidden=29_568,
    vocab_size=152_064,
    context=131_072,
    rope=RopeConfig(theta=1_000_000),
    qkv_bias=True,
)
_QWEN25_7B = _llama(
    d_model=3584,
    n_layers=28,
    n_heads=28,
    n_kv_heads=4,
    hidden=18_944,
    vocab_size=152_064,
    context=131_072,
    rope=RopeConfig(theta=1_000_000),
    norm_eps=1e-6,
    qkv_bias=True,
)
_SMOLLM2_135M = _llama(
    d_model=576,
    n_layers=30,
    n_heads=9,
    n_kv_heads=3,
    hidden=1536,
    vocab_size=49_152,
    context=8192,
    rope=RopeConfig(theta=100_000),
    tied=True,
)


def _llama4(n_experts: int, every: int) -> ModelConfig:
    """Llama 4 to count with: what it computes with these sizes is not what `ModelConfig` says.

    Three of four layers look within chunks of 8,192 tokens, so they hold at most as many: counted as windows.
    Every `every`-th layer has experts, the others a dense network.
    """
    dense, n_layers = DenseConfig(hidden=16_384), 48
    everywhere = GQAConfig(n_heads=40, n_kv_heads=8, head_dim=128)
    chunked = replace(everywhere, sliding_window=8192)
    layers = tuple(
        LayerConfig(
            attention=None if (layer + 1) % 4 == 0 else chunked,
            feed_forward=None if (layer + 1) % every == 0 else dense,
            rotates=(layer + 1) % 4 != 0,
        )
        for layer in range(n_layers)
    )
    return ModelConfig(
        vocab_size=202_048,
        d_model=5120,
        n_layers=n_layers,
        context={1: 10_485_760, 2: 1_048_576}[every],
        attention=everywhere,
        feed_forward=MoEConfig(
            n_routed_experts=n_experts, num_experts_per_tok=1, moe_intermediate_size=8192, n_shared_experts=1
        ),
        rope=RopeConfig(theta=500_000),
        tied_embeddings=False,
        layers=layers,
    )


_LLAMA3 = "config.json of meta-llama/Llama-3.1-{}; report arXiv 2407.21783, Table 3"
_QWEN25 = "config.json of Qwen/Qwen2.5-{}; report arXiv 2412.15115, Table 1"
_QWEN3 = "config.json of Qwen/Qwen3-{}; report arXiv 2505.09388, Table 2"
_GPT2 = "config.json of openai-community/gpt2{}; Radford et al. 2019, Table 2"


_GLM_COUNT = "with a layer for further tokens, without embedding and output head"


def _read(name: str, title: str, source: str, total: str, active: str | None = None, beyond: str = "") -> Preset:
    """A preset whose config.json is in published.py."""
    config = read_config(CONFIGS[name])
    return Preset(
        name=name,
        title=title,
        config=config,
        source=f"config.json of {source}",
        total=total,
        active=active,
        beyond=beyond,
    )


_PRESETS = (
    Preset(
        name="deepseek-v3",
        title="DeepSeek-V3",
        config=_DEEPSEEK_V3,
        source="config.json of deepseek-ai/DeepSeek-V3; report arXiv 2412.19437, section 4.2",
        total="671B",
        active="37B",
    ),
    Preset(
        name="deepseek-v2",
        title="DeepSeek-V2",
        config=_DEEPSEEK_V2,
        source="config.json of deepseek-ai/DeepSeek-V2; report arXiv 2405.04434, section 3.1.2",
        total="236B",
        active="21B",
    ),
    Preset(
        name="deepseek-v2-lite",
        title="DeepSeek-V2-Lite",
        config=_DEEPSEEK_V2_LITE,
        source="config.json of deepseek-ai/DeepSeek-V2-Lite; report arXiv 2405.04434, appendix B",
        total="15.7B",
        active="2.4B",
    ),
    Preset(
        name="llama-3.1-405b",
        title="Llama 3.1 405B",
        config=_llama31(16_384, 126, 128, 53_248),
        source=_LLAMA3.format("405B"),
        total="405B",
    ),
    Preset(
        name="llama-3.1-70b",
        title="Llama 3.1 70B",
        config=_llama31(8192, 80, 64, 28_672),
        source=_LLAMA3.format("70B"),
        total="70.6B",
    ),
    Preset(
        name="llama-3.1-8b",
        title="Llama 3.1 8B",
        config=_llama31(4096, 32, 32, 14_336),
        source=_LLAMA3.format("8B"),
        total="8.03B",
    ),
    Preset(
        name="llama-2-7b",
        title="Llama 2 7B",
        config=_LLAMA2_7B,
        source="config.json of meta-llama/Llama-2-7b-hf; report arXiv 2307.09288, Table 1",
        total="6.74B",
    ),
    Preset(name="qwen2.5-72b", title="Qwen2.5-72B", config=_QWEN25_72B, source=_QWEN25.format("72B"), total="72.7B"),
    Preset(name="qwen2.5-7b", title="Qwen2.5-7B", config=_QWEN25_7B, source=_QWEN25.format("7B"), total="7.62B"),
    Preset(
        name="qwen3-235b-a22b",
        title="Qwen3-235B-A22B",
        config=_qwen3_moe(d_model=4096, n_layers=94, n_heads=64, moe_intermediate_size=1536),
        source=_QWEN3.format("235B-A22B"),
        total="235B",
        active="22B",
    ),
    Preset(
        name="qwen3-30b-a3b",
        title="Qwen3-30B-A3B",
        config=_qwen3_moe(d_model=2048, n_layers=48, n_heads=32, moe_intermediate_size=768),
        source=_QWEN3.format("30B-A3B"),
        total="30.5B",
        active="3.3B",
        active_includes_tables=True,
    ),
    Preset(
        name="mistral-7b",
        title="Mistral 7B v0.1",
        config=_MISTRAL_7B,
        source="config.json of mistralai/Mistral-7B-v0.1; report arXiv 2310.06825, Table 1",
        total="7.24B",
    ),
    Preset(
        name="mixtral-8x7b",
        title="Mixtral 8x7B",
        config=_MIXTRAL,
        source="config.json of mistralai/Mixtral-8x7B-v0.1; report arXiv 2401.04088, Table 1",
        total="46.7B",
        active="12.9B",
        active_includes_tables=True,
    ),
    Preset(
        name="deepseek-v3.1",
        title="DeepSeek-V3.1",
        config=_DEEPSEEK_V3,
        source="config.json of deepseek-ai/DeepSeek-V3.1: the sizes of V3",
        total="671B",
        active="37B",
    ),
    _read("kimi-k2", "Kimi K2", "moonshotai/Kimi-K2-Instruct, and its model card", "1T", "32B"),
    _read("glm-4.5", "GLM-4.5", "zai-org/GLM-4.5; report arXiv 2508.06471, Table 1", "355B", "32B", beyond=_GLM_COUNT),
    _read(
        "gpt-oss-120b", "gpt-oss-120b", "openai/gpt-oss-120b; model card arXiv 2508.10925, Table 1", "116.8B", "5.1B"
    ),
    _read("gpt-oss-20b", "gpt-oss-20b", "openai/gpt-oss-20b; model card arXiv 2508.10925, Table 1", "20.9B", "3.6B"),
    _read(
        "gemma-3-27b",
        "Gemma 3 27B (text)",
        "google/gemma-3-27b-pt; report arXiv 2503.19786, Table 1: 1,416M embedding, 25,600M other",
        "27.0B",
    ),
    _read("gemma-3-270m", "Gemma 3 270M", "google/gemma-3-270m, and its model card", "268M"),
    _read("qwen3-4b", "Qwen3-4B", "Qwen/Qwen3-4B; report arXiv 2505.09388, Table 1", "4.0B"),
    _read("qwen3-0.6b", "Qwen3-0.6B", "Qwen/Qwen3-0.6B; report arXiv 2505.09388, Table 1", "0.6B"),
    Preset(
        name="llama-4-scout",
        title="Llama 4 Scout (text)",
        config=_llama4(16, 1),
        source="config.json of meta-llama/Llama-4-Scout-17B-16E; its chunks counted as windows",
        total="109B",
        active="17B",
        active_includes_tables=True,
        beyond="with the encoder of pictures",
    ),
    Preset(
        name="llama-4-maverick",
        title="Llama 4 Maverick (text)",
        config=_llama4(128, 2),
        source="config.json of meta-llama/Llama-4-Maverick-17B-128E; its chunks counted as windows",
        total="400B",
        active="17B",
        active_includes_tables=True,
        beyond="with the encoder of pictures",
    ),
    Preset(name="gpt2", title="GPT-2 small", config=_gpt2(768, 12, 12), source=_GPT2.format(""), total="124M"),
    Preset(
        name="gpt2-medium",
        title="GPT-2 medium",
        config=_gpt2(1024, 24, 16),
        source=_GPT2.format("-medium"),
        total="355M",
    ),
    Preset(
        name="gpt2-large", title="GPT-2 large", config=_gpt2(1280, 36, 20), source=_GPT2.format("-large"), total="774M"
    ),
    Preset(name="gpt2-xl", title="GPT-2 XL", config=_gpt2(1600, 48, 25), source=_GPT2.format("-xl"), total="1.56B"),
    Preset(
        name="smollm2-135m",
        title="SmolLM2-135M",
        config=_SMOLLM2_135M,
        source="config.json of HuggingFaceTB/SmolLM2-135M; report arXiv 2502.02737",
        total="135M",
    ),
)

PRESETS: dict[str, Preset] = {preset.name: preset for preset in _PRESETS}
