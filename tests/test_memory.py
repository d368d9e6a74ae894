"""The memory formulas, against the real modules and caches, and against what the papers print."""

import argparse
import json

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from model.cache import make_cache
from model.commands import memory as memory_command
from model.config import DenseConfig, GQAConfig, MLAConfig, ModelConfig, MoEConfig
from model.errors import BadInput
from model.measure import memory
from model.measure.presets import PRESETS
from model.transformer import Transformer

torch.set_num_threads(1)

V3, V2, V2_LITE = (PRESETS[name].config for name in ("deepseek-v3", "deepseek-v2", "deepseek-v2-lite"))


@st.composite
def attentions(draw):
    """Any attention config, sizes small and unequal."""
    if draw(st.booleans()):
        size = st.integers(1, 7)
        return MLAConfig(
            n_heads=draw(size),
            kv_lora_rank=draw(size),
            qk_nope_head_dim=draw(size),
            qk_rope_head_dim=2 * draw(size),
            v_head_dim=draw(size),
            q_lora_rank=draw(st.none() | size),
        )
    kv_heads = draw(st.integers(1, 4))
    return GQAConfig(
        n_heads=kv_heads * draw(st.integers(1, 3)),
        n_kv_heads=kv_heads,
        head_dim=2 * draw(st.integers(1, 5)),
        qkv_bias=draw(st.booleans()),
        out_bias=draw(st.booleans()),
        qk_norm=draw(st.booleans()),
        sliding_window=draw(st.none() | st.integers(1, 9)),
    )


@st.composite
def feed_forwards(draw):
    """Any feed-forward config."""
    size = st.integers(1, 11)
    if draw(st.booleans()):
        return DenseConfig(
            hidden=draw(size),
            activation=draw(st.sampled_from(("relu", "gelu", "silu"))),
            gated=draw(st.booleans()),
            bias=draw(st.booleans()),
        )
    experts, shared = draw(st.integers(1, 6)), draw(st.integers(0, 2))
    return MoEConfig(
        n_routed_experts=experts,
        num_experts_per_tok=draw(st.integers(1, experts)),
        moe_intermediate_size=draw(size),
        n_shared_experts=shared,
        shared_intermediate_size=draw(st.none() | size),
        shared_gate=bool(shared) and draw(st.booleans()),
        selection_bias=draw(st.booleans()),
        first_k_dense_replace=draw(st.integers(0, 4)),
        dense_intermediate_size=draw(size),
    )


@st.composite
def configs(draw):
    """Any model config that is small enough to build."""
    attention = draw(attentions())
    learned = isinstance(attention, GQAConfig) and draw(st.booleans())
    return ModelConfig(
        vocab_size=draw(st.integers(2, 31)),
        d_model=draw(st.integers(1, 13)),
        n_layers=draw(st.integers(1, 4)),
        context=draw(st.integers(8, 19)),
        attention=attention,
        feed_forward=draw(feed_forwards()),
        norm=draw(st.sampled_from(("rms", "layer"))),
        positions="learned" if learned else "rope",
        tied_embeddings=draw(st.booleans()),
    )


def part_of(name: str, config: ModelConfig) -> str:
    """Which of `memory.PARTS` a parameter of `Transformer` belongs to, by its name."""
    if "norm" in name or ".ln" in name or name.startswith("ln_"):
        return "norms"
    if name.startswith(("embed.", "pos_embed.")):
        return "embedding"
    if name.startswith("unembed."):
        return "unembedding"
    if ".attn." in name:
        return "attention"
    if ".router." in name:
        return "router"
    if ".shared" in name:
        return "shared experts"
    return "dense feed-forward" if config.dense_at(int(name.split(".")[1])) else "experts"


def built_parts(config: ModelConfig) -> dict[str, int]:
    """Parameters by part of a really built model; the meta device holds shapes and no numbers."""
    with torch.device("meta"):
        transformer = Transformer(config)
    parts: dict[str, int] = {}
    for name, weight in transformer.named_parameters():
        part = part_of(name, config)
        parts[part] = parts.get(part, 0) + weight.numel()
    return parts


@settings(max_examples=150, deadline=None)
@given(configs())
def test_parameters_equal_those_of_the_built_model(config):
    """A bias, inner norm, shared expert or leading dense layer left out of the formula."""
    assert {part: count.total for part, count in memory.parameters_by_part(config).items()} == built_parts(config)


@pytest.mark.parametrize("name", PRESETS)
def test_presets_count_as_the_built_model(name):
    """A formula that is right for toys and wrong for a published shape."""
    config = PRESETS[name].config
    assert memory.count_parameters(config).total == sum(built_parts(config).values())


@settings(max_examples=40, deadline=None)
@given(configs(), st.integers(1, 8), st.integers(1, 3), st.sampled_from(("fp32", "bf16")))
def test_cache_bytes_equal_those_of_the_real_cache(config, context, batch, dtype):
    """The formula promising another cache than the one that generation really holds."""
    transformer = Transformer(config).initialise(torch.Generator().manual_seed(0))
    transformer = transformer.to({"fp32": torch.float32, "bf16": torch.bfloat16}[dtype])
    cache = make_cache(config)
    with torch.inference_mode():
        transformer(torch.zeros(batch, context, dtype=torch.int64), cache)
    assert cache.nbytes == memory.cache_bytes(config, context, batch, dtype, rolling=False)


def test_active_parameters_are_what_one_token_reads():
    """Experts counted that were not chosen, or a whole embedding table for the one row looked up."""
    moe = MoEConfig(n_routed_experts=7, num_experts_per_tok=3, moe_intermediate_size=5, n_shared_experts=2)
    config = ModelConfig(
        vocab_size=23,
        d_model=11,
        n_layers=2,
        context=17,
        attention=GQAConfig(n_heads=1, n_kv_heads=1, head_dim=2),
        feed_forward=moe,
        tied_embeddings=False,
    )
    count = memory.count_parameters(config)
    idle_experts, idle_rows = 2 * (7 - 3) * 3 * 11 * 5, (23 - 1) * 11
    assert count.total - count.active == idle_experts + idle_rows
    assert memory.active_with_tables(config) == count.total - idle_experts


def test_table_1_of_deepseek_v2():
    """Elements per token: MHA 2 n_h d_h l, GQA 2 n_g d_h l, MQA 2 d_h l, MLA (d_c + d_hR) l."""
    dense, sizes = DenseConfig(hidden=3), {"vocab_size": 5, "d_model": 7, "n_layers": 13, "context": 11}
    for groups in (12, 4, 1):
        config = ModelConfig(
            **sizes, feed_forward=dense, attention=GQAConfig(n_heads=12, n_kv_heads=groups, head_dim=10)
        )
        assert memory.elements_per_token(config) == 2 * groups * 10 * 13
        assert memory.grouped_elements(config, 12) == 2 * 12 * 10 * 13
    latent = MLAConfig(n_heads=12, kv_lora_rank=40, qk_rope_head_dim=6, qk_nope_head_dim=10, v_head_dim=10)
    assert memory.elements_per_token(ModelConfig(**sizes, feed_forward=dense, attention=latent)) == (40 + 6) * 13
    # "about 4.5 d_h l", as GQA with 2.25 groups: in DeepSeek-V2 d_c = 4 d_h and d_hR = d_h / 2
    assert memory.elements_per_token(V2) == 4.5 * 128 * 60 == 2.25 * memory.grouped_elements(V2, 1)


def test_table_9_of_deepseek_v2():
    """Elements per token: small model MHA 110.6K, MLA 15.6K; large model MHA 860.2K, MLA 34.6K."""
    assert memory.grouped_elements(V2_LITE, 16) == 110_592
    assert memory.elements_per_token(V2_LITE) == 15_552
    assert memory.elements_per_token(V2) == 34_560
    assert (
        f"{memory.grouped_elements(V2, 56) / 1000:.1f}K" == "860.2K"
    )  # the printed number is that of 56 heads, not of V2's 128


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("deepseek-v3", 70_272),
        ("qwen2.5-72b", 327_680),
        ("llama-3.1-405b", 516_096),
        ("deepseek-v2", 69_120),
        ("deepseek-v2-lite", 31_104),
    ],
)
def test_bytes_per_token_as_published(name, expected):
    """ "Insights into DeepSeek-V3" (arXiv 2505.09343), Table 1, bf16; the V2 models derived the same way."""
    assert memory.cache_bytes(PRESETS[name].config, context=1, dtype="bf16") == expected
    assert memory.cache_bytes(PRESETS[name].config, context=1, dtype="fp32") == 2 * expected
    assert (
        memory.cache_bytes(PRESETS[name].config, context=128_000, batch=3, dtype="fp8") == 128_000 * 3 * expected // 2
    )


def test_ratios_of_that_table():
    """Llama's printed 7.28x does not follow from the table's own numbers; 7.344x does."""
    ratios = {
        name: memory.elements_per_token(PRESETS[name].config) / memory.elements_per_token(V3)
        for name in ("qwen2.5-72b", "llama-3.1-405b")
    }
    assert f"{ratios['qwen2.5-72b']:.2f} {ratios['llama-3.1-405b']:.3f}" == "4.66 7.344"


def test_both_baselines_of_mla_are_named():
    """ "MHA of its own shape" said of one baseline with the number of the other."""
    found = {other.name: memory.bytes_of(other.elements_per_token, "bf16") for other in memory.baselines(V3)}
    assert found["MHA of its own shape: 128 heads, K = V = 128"] == 3_997_696
    assert found["MLA un-absorbed: 128 heads, K = 192, V = 128"] == 4_997_120
    assert 1_998_848 not in found.values() and 124_928 not in found.values()  # what wrong calculators print
    times = [other.elements_per_token / memory.elements_per_token(V3) for other in memory.baselines(V3)[:2]]
    assert [f"{ratio:.1f}" for ratio in times] == ["56.9", "71.1"]


def in_print(count: int, printed: str) -> bool:
    """Whether `count` is what `printed`, such as "15.7B", stands for: rounded, or cut off as makers also do."""
    number, unit = float(printed[:-1]), {"M": 1e6, "B": 1e9, "T": 1e12}[printed[-1]]
    step = 10.0 ** -len(printed[:-1].partition(".")[2])
    return -step / 2 <= count / unit - number < step


@pytest.mark.parametrize("name", PRESETS)
def test_counts_as_their_makers_print_them(name):
    """A preset with one wrong size."""
    preset = PRESETS[name]
    count = memory.count_parameters(preset.config)
    if preset.beyond:
        assert float(preset.total[:-1]) == pytest.approx(count.total / 1e9, rel=0.02)
    else:
        assert in_print(count.total, preset.total)
    if preset.active:
        assert in_print(
            memory.active_with_tables(preset.config) if preset.active_includes_tables else count.active, preset.active
        )


@pytest.mark.parametrize(
    ("name", "total"),
    [
        (
            "deepseek-v3",
            671_026_404_352,
        ),  # with the 58 x 256 selection biases, which no gradient moves: 671,026,419,200
        ("deepseek-v2", 235_741_434_880),
        ("deepseek-v2-lite", 15_706_484_224),
        ("mixtral-8x7b", 46_702_792_704),
        ("llama-3.1-8b", 8_030_261_248),
        ("mistral-7b", 7_241_732_096),
        ("smollm2-135m", 134_515_008),
        ("gpt2", 124_439_808),
    ],
)
def test_totals_to_the_digit(name, total):
    """Sums of the tensor sizes in the published files."""
    assert memory.count_parameters(PRESETS[name].config).total == total


def test_deepseek_v3_active_as_its_weights_are_documented():
    """README_WEIGHTS.md of deepseek-ai/DeepSeek-V3: 36.6B activated, 0.9B of it for the output head."""
    assert f"{memory.count_parameters(V3).active / 1e9:.1f}" == "36.6"
    assert f"{memory.parameters_by_part(V3)['unembedding'].active / 1e9:.1f}" == "0.9"


def test_rolling_cache_stops_at_the_window():
    """A window's saving claimed for a model without one, or for a context shorter than it."""
    mistral = PRESETS["mistral-7b"].config
    assert memory.cache_bytes(mistral, 32_768) == memory.cache_bytes(mistral, 4096)
    assert memory.cache_bytes(mistral, 100) == memory.cache_bytes(mistral, 100, rolling=False)
    assert memory.cache_bytes(V3, 32_768) == memory.cache_bytes(V3, 32_768, rolling=False)


@pytest.mark.parametrize(
    ("name", "context", "total"),
    [
        ("qwen3-0.6b", 40_960, 4.375),  # not 2.19: its heads are 128 wide, not 1024 / 16
        ("deepseek-v3.1", 163_840, 70_272 * 163_840 / 2**30),
        ("deepseek-v3", 32_768, 2196 / 1024),
        ("gemma-3-27b", 131_072, (10 * 131_072 + 52 * 1024) * 8192 / 2**30),  # 10.41, not 62 or 81.38
        ("gpt-oss-120b", 131_072, 18 * (131_072 + 128) * 2 * 8 * 64 * 2 / 2**30),
        ("llama-4-scout", 1_000_000, (12 * 1_000_000 + 36 * 8192) * 2 * 8 * 128 * 2 / 2**30),
    ],
)
def test_caches_that_other_calculators_get_wrong(name, context, total):
    """GiB in bf16: windows left out, or widths of heads taken for width / heads."""
    assert memory.cache_bytes(PRESETS[name].config, context) / 2**30 == total
    report = memory_command.make_report(name, context=context)
    assert report["total_bytes"] / 2**30 == total
    assert all(other["total_bytes"] >= report["total_bytes"] * min(1, other["times"]) for other in report["baselines"])


def test_requests_that_fit():
    """One request too many, or a negative number of them where the weights alone are too large."""
    llama = PRESETS["llama-3.1-8b"].config
    fit = memory.requests_that_fit(llama, 80 * 1000**3, context=8192)
    assert fit.weight_bytes == 2 * 8_030_261_248
    assert fit.request_bytes == 131_072 * 8192
    assert (
        fit.weight_bytes + fit.requests * fit.request_bytes
        <= 80 * 1000**3
        < fit.weight_bytes + (fit.requests + 1) * fit.request_bytes
    )
    too_large = memory.requests_that_fit(V3, 80 * 1000**3, context=8192)
    assert too_large.requests == 0 and too_large.free_bytes < 0


def test_half_bytes_are_rounded_up():
    """int4 of an odd count losing half a byte, or returning a float."""
    assert memory.bytes_of(3, "int4") == 2
    assert memory.cache_bytes(V3, 1, dtype="int4") == 17_568


@pytest.mark.parametrize("wrong", [{"context": 0}, {"context": 1, "batch": -1}, {"context": 1, "dtype": "bf17"}])
def test_wrong_questions_are_refused(wrong):
    """Zero or negative bytes returned for a context nobody can have."""
    with pytest.raises(BadInput):
        memory.cache_bytes(V3, **wrong)


# ---------------------------------------------------------------- the command


def ask(*words: str) -> argparse.Namespace:
    """Arguments as the command line reads them."""
    parser = argparse.ArgumentParser()
    memory_command.add_arguments(parser)
    return parser.parse_args(words)


def test_json_report(capsys):
    """A key that scripts and lessons rely on going missing, or total_bytes forgetting the batch."""
    assert (
        memory_command.run(ask("deepseek-v3", "--context", "128000", "--batch", "2", "--dtype", "bf16", "--json")) == 0
    )
    report = json.loads(capsys.readouterr().out)
    assert report["model"] == "deepseek-v3" and report["attention"] == "MLA"
    assert report["bytes_per_token"] == 70_272 and report["total_bytes"] == 2 * 128_000 * 70_272
    assert report["parameters"] == 671_026_404_352 and report["active_parameters"] == 36_625_610_752
    assert sum(part["total"] for part in report["parts"].values()) == report["parameters"]
    assert sum(part["active"] for part in report["parts"].values()) == report["active_parameters"]


@pytest.mark.parametrize("name", [*PRESETS, "tiny"])
def test_table_for_people(name, capsys):
    """A model whose report cannot be printed; a unit left unsaid."""
    memory_command.run(ask(name, "--gpu-memory", "80", "--gpus", "8"))
    out = capsys.readouterr().out
    assert "1 KB = 1000 B" in out and "as cached" in out and "On 8 x 80 GB" in out
    assert max(map(len, out.splitlines())) <= 130


def test_names_people_type():
    """ "GPT-2" or "Llama-3.1-8B" refused for a hyphen or a capital."""
    for typed, meant in (
        ("GPT-2", "gpt2"),
        ("gpt-2-xl", "gpt2-xl"),
        ("Llama-3.1-8B", "llama-3.1-8b"),
        ("smollm2", "smollm2-135m"),
    ):
        assert memory_command.find_config(typed)[0] == meant


def test_unknown_name_lists_the_known_ones():
    """An error that leaves people guessing."""
    with pytest.raises(BadInput, match="deepseek-v3.*gpt2-xl.*tiny") as caught:
        memory_command.find_config("deepsek-v3")
    assert caught.value.code == "unknown_model" and "\n" not in str(caught.value)


def test_folder_with_the_published_config_json(tmp_path):
    """The preset of DeepSeek-V3 drifting from its config.json; fp8 weights refused although only counted."""
    published = {
        "model_type": "deepseek_v3",
        "hidden_size": 7168,
        "num_hidden_layers": 61,
        "num_attention_heads": 128,
        "num_key_value_heads": 128,
        "vocab_size": 129_280,
        "q_lora_rank": 1536,
        "kv_lora_rank": 512,
        "qk_nope_head_dim": 128,
        "qk_rope_head_dim": 64,
        "v_head_dim": 128,
        "intermediate_size": 18_432,
        "n_routed_experts": 256,
        "n_shared_experts": 1,
        "num_experts_per_tok": 8,
        "n_group": 8,
        "topk_group": 4,
        "routed_scaling_factor": 2.5,
        "scoring_func": "sigmoid",
        "topk_method": "noaux_tc",
        "norm_topk_prob": True,
        "first_k_dense_replace": 3,
        "moe_intermediate_size": 2048,
        "moe_layer_freq": 1,
        "hidden_act": "silu",
        "max_position_embeddings": 163_840,
        "rms_norm_eps": 1e-6,
        "rope_theta": 10_000,
        "tie_word_embeddings": False,
        "quantization_config": {"quant_method": "fp8"},
        "rope_scaling": {
            "type": "yarn",
            "factor": 40,
            "beta_fast": 32,
            "beta_slow": 1,
            "mscale": 1.0,
            "mscale_all_dim": 1.0,
            "original_max_position_embeddings": 4096,
        },
    }
    folder = tmp_path / "DeepSeek-V3"
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(published))
    name, config, preset = memory_command.find_config(str(folder))
    assert (name, preset) == ("DeepSeek-V3", None)
    assert config == V3


@pytest.mark.parametrize("content", ["{", "[]", '{"model_type": "martian"}'])
def test_folder_that_describes_no_model(tmp_path, content):
    """A traceback for a damaged config.json."""
    (tmp_path / "config.json").write_text(content)
    with pytest.raises(BadInput):
        memory_command.find_config(str(tmp_path))
