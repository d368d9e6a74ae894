"""The names, order and shapes of everything a trace holds: other people's code depends on them."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from model import load
from model.__main__ import main
from model.capture import HookPoint, Recorder, recording
from model.config import DenseConfig, GQAConfig, LayerConfig, ModelConfig
from model.measure import hooks
from model.trace import run_trace
from model.training.recipes import CONFIGS
from tests.random_models import DENSE, LATENT, LEARNED, T, random_ids, random_model

GROUPED_BLOCK = [
    "hook_resid_pre",
    "ln1.hook_scale",
    "ln1.hook_normalized",
    "attn.hook_q",
    "attn.hook_k",
    "attn.hook_v",
    "attn.hook_rot_q",
    "attn.hook_rot_k",
    "attn.hook_scaling",
    "attn.hook_mask",
    "attn.hook_attn_scores",
    "attn.hook_pattern",
    "attn.hook_z",
    "hook_attn_out",
    "hook_resid_mid",
    "ln2.hook_scale",
    "ln2.hook_normalized",
    "mlp.hook_pre",
    "mlp.hook_pre_linear",
    "mlp.hook_post",
    "hook_mlp_out",
    "hook_resid_post",
]
LATENT_ATTENTION = [
    "hook_resid_pre",
    "ln1.hook_scale",
    "ln1.hook_normalized",
    "attn.q_norm.hook_scale",
    "attn.q_norm.hook_normalized",
    "attn.hook_q_latent",
    "attn.hook_rot_q",
    "attn.kv_norm.hook_scale",
    "attn.kv_norm.hook_normalized",
    "attn.hook_kv_latent",
    "attn.hook_rot_k",
    "attn.hook_v",
    "attn.hook_q",
    "attn.hook_k",
    "attn.hook_scaling",
    "attn.hook_mask",
    "attn.hook_attn_scores",
    "attn.hook_pattern",
    "attn.hook_z",
    "hook_attn_out",
    "hook_resid_mid",
    "ln2.hook_scale",
    "ln2.hook_normalized",
]
DENSE_NETWORK = ["mlp.hook_pre", "mlp.hook_pre_linear", "mlp.hook_post", "hook_mlp_out", "hook_resid_post"]
EXPERTS = [
    "mlp.hook_router_scores",
    "mlp.hook_selection_bias",
    "mlp.hook_router_choice",
    "mlp.hook_group_scores",
    "mlp.hook_groups_kept",
    "mlp.hook_expert_indices",
    "mlp.hook_expert_weights",
    "mlp.hook_expert_post",
    "mlp.hook_expert_out",
    "mlp.hook_routed_out",
    "mlp.shared.hook_pre",
    "mlp.shared.hook_pre_linear",
    "mlp.shared.hook_post",
    "mlp.hook_shared_out",
    "hook_mlp_out",
    "hook_resid_post",
]
FINAL = ["ln_final.hook_scale", "ln_final.hook_normalized", "logits"]


def block(layer: int, names: list[str]) -> list[str]:
    return [f"blocks.{layer}.{name}" for name in names]


ORDERS = [
    (DENSE, ["hook_positions", "hook_embed", *block(0, GROUPED_BLOCK), *block(1, GROUPED_BLOCK), *FINAL]),
    (
        LATENT,
        [
            "hook_positions",
            "hook_embed",
            *block(0, LATENT_ATTENTION + DENSE_NETWORK),
            *block(1, LATENT_ATTENTION + EXPERTS),
            *block(2, LATENT_ATTENTION + EXPERTS),
            *FINAL,
        ],
    ),
]


@pytest.mark.parametrize(("config", "order"), ORDERS, ids=["grouped, dense", "latent, experts"])
def test_names_in_the_order_of_computation(config, order):
    """Guards against a hook that is renamed, lost or moved: the list is written out, not computed."""
    lm = random_model(config)
    assert list(run_trace(lm, random_ids(T))) == order
    assert sorted(lm.transformer.hook_names) == sorted(order)


def shapes(config: ModelConfig) -> dict[str, tuple[int, ...]]:
    """The one table: last part of the name -> shape."""
    attention, D = config.attention, config.d_model
    H, Dh, Dv = attention.n_heads, attention.head_dim, attention.value_dim
    table = dict.fromkeys(
        [
            "hook_embed",
            "hook_pos_embed",
            "hook_resid_pre",
            "hook_resid_mid",
            "hook_resid_post",
            "hook_attn_out",
            "hook_mlp_out",
            "hook_normalized",
        ],
        (T, D),
    )
    table |= {"hook_positions": (T,), "hook_scale": (T, 1), "logits": (T, config.vocab_size)}
    table |= {
        "hook_scaling": (),
        "hook_mask": (T, T),
        "hook_attn_scores": (H, T, T),
        "hook_pattern": (H, T, T),
        "hook_z": (T, H, Dv),
    }
    if isinstance(attention, GQAConfig):
        K = attention.n_kv_heads
        table |= {
            "hook_q": (T, H, Dh),
            "hook_rot_q": (T, H, Dh),
            "hook_k": (T, K, Dh),
            "hook_rot_k": (T, K, Dh),
            "hook_v": (T, K, Dv),
        }
    else:
        R, Rq, Dr = attention.kv_lora_rank, attention.q_lora_rank, attention.qk_rope_head_dim
        table |= {
            "hook_q": (T, H, Dh),
            "hook_k": (T, H, Dh),
            "hook_v": (T, H, Dv),
            "hook_rot_q": (T, H, Dr),
            "hook_rot_k": (T, 1, Dr),
        }
        table |= {"hook_q_latent": (T, Rq), "hook_kv_latent": (T, R)}
        table |= {"q_norm.hook_scale": (T, 1), "q_norm.hook_normalized": (T, Rq), "kv_norm.hook_normalized": (T, R)}
    if isinstance(config.feed_forward, DenseConfig):
        return table | dict.fromkeys(("hook_pre", "hook_pre_linear", "hook_post"), (T, config.feed_forward.hidden))
    experts = config.feed_forward
    E, k, G = experts.n_routed_experts, experts.num_experts_per_tok, experts.n_group
    table |= dict.fromkeys(("hook_pre", "hook_pre_linear", "hook_post"), (T, experts.dense_intermediate_size))
    table |= dict.fromkeys(
        ("shared.hook_pre", "shared.hook_pre_linear", "shared.hook_post"), (T, experts.shared.hidden)
    )
    table |= {"hook_router_scores": (T, E), "hook_selection_bias": (E,), "hook_router_choice": (T, E)}
    table |= {
        "hook_group_scores": (T, G),
        "hook_groups_kept": (T, G),
        "hook_expert_indices": (T, k),
        "hook_expert_weights": (T, k),
        "hook_expert_post": (T, k, experts.moe_intermediate_size),
    }
    return table | {"hook_expert_out": (T, k, D), "hook_routed_out": (T, D), "hook_shared_out": (T, D)}


@pytest.mark.parametrize(
    "config", [DENSE, LATENT, LEARNED], ids=["grouped, dense", "latent, experts", "learned positions"]
)
def test_every_shape_is_in_the_table(config):
    """Guards against a swapped axis: no two dimensions of these models are equal."""
    table = shapes(config)
    trace = run_trace(random_model(config), random_ids(T))
    for name, array in trace.items():
        *_, module, last = ["", *name.split(".")]
        expected = table.get(f"{module}.{last}", table.get(last))
        assert array.shape == expected, name
        assert array.dtype == {
            "hook_mask": bool,
            "hook_groups_kept": bool,
            "hook_positions": np.int64,
            "hook_expert_indices": np.int64,
        }.get(last, np.float32), name


def test_a_name_fires_once():
    """Guards against two places that share a name, the second silently replacing the first."""
    lm = random_model(DENSE)
    ids = random_ids(5)
    with recording(Recorder(lambda name: name == "hook_embed")):
        run_trace(lm, ids)  # has a recorder of its own
        point = lm.transformer.hook_embed
        value = lm.transformer.embed.weight[:3].clone()
        point(value)
        with pytest.raises(RuntimeError, match="hook_embed"):
            point(value)


def test_without_a_recorder_nothing_is_kept_or_changed():
    point = HookPoint()
    value = random_model(DENSE).transformer.embed.weight
    assert point(value) is value
    assert not point.listening


def test_only_what_is_wanted_is_kept():
    lm = random_model(LATENT)
    assert set(run_trace(lm, random_ids(5), capture=lambda name: name.endswith("hook_z"))) == {
        "logits",
        *(f"blocks.{i}.attn.hook_z" for i in range(3)),
    }


# The reference

QK_NORM = replace(DENSE, attention=replace(DENSE.attention, qk_norm=True))
PLAIN_QUERIES = replace(
    LATENT,
    attention=replace(LATENT.attention, q_lora_rank=None),
    feed_forward=replace(LATENT.feed_forward, n_group=1, topk_group=1, selection_bias=False),
)
MIXED = replace(
    DENSE,
    layers=(
        LayerConfig(attention=replace(DENSE.attention, score_cap=2.0, sinks=True, qk_norm=True, sliding_window=4)),
        LayerConfig(attention=replace(DENSE.attention, qk_norm=True, qk_norm_over="projection"), rotates=False),
    ),
    norm_placement="both",
    logit_cap=3.0,
)
DOCUMENTED = {
    "grouped": DENSE,
    "grouped, normalised": QK_NORM,
    "latent": LATENT,
    "latent, plain queries": PLAIN_QUERIES,
    "classic": LEARNED,
    "norms after": replace(DENSE, norm_placement="after", parallel=True),
    "layers that differ": MIXED,
    **CONFIGS,
}


@pytest.mark.parametrize("config", DOCUMENTED.values(), ids=DOCUMENTED)
def test_the_reference_has_every_hook_in_order_with_its_shape(config):
    """Guards against a hook that is missing there, misspelled, out of order or of another shape on a real run."""
    lm = random_model(config)
    tokens = 13
    listed = hooks.hooks_of(lm.transformer)
    trace = run_trace(lm, random_ids(tokens))
    assert [hook.name for hook, _ in listed] == list(trace)
    for hook, size in listed:
        assert tuple(tokens if each in ("T", "S") else each for each in size) == trace[hook.name].shape, hook.name
        assert len(size) == len(hook.shape) and hook.meaning
        assert set(hook.shape) <= {*hooks.LETTERS, "1"}


def test_the_reference_has_no_hook_that_no_model_has():
    listed = {
        "blocks.i." + hook.name.split(".", 2)[2] if hook.name.startswith("blocks.") else hook.name
        for config in DOCUMENTED.values()
        for hook, _ in hooks.hooks_of(random_model(config).transformer)
    }
    assert listed == {prefix + hook.name for prefix, rows in hooks.SECTIONS.values() for hook in rows}


def test_the_page_of_hooks_is_the_reference():
    """Made by `python -m model.measure.hooks > model/HOOKS.md`."""
    page = Path(hooks.__file__).parents[1] / "HOOKS.md"
    assert page.read_text(encoding="utf-8") == hooks.markdown()


def test_hooks_of_one_model_from_the_command_line(capsys):
    assert main(["hooks", "--model", "tiny", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    trace = run_trace(load("tiny"), "four")
    assert [hook["name"] for hook in told["hooks"]] == list(trace)
    shapes_told = [tuple(4 if each in ("T", "S") else each for each in hook["size"]) for hook in told["hooks"]]
    assert shapes_told == [array.shape for array in trace.values()]
    assert {letter for hook in told["hooks"] for letter in hook["shape"]} - {"1"} == set(told["letters"])
    assert main(["hooks", "--model", "tiny"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[1 : len(trace) + 1]] == list(trace)
