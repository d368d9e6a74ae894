"""No option that changes the result is passed over: a walk through the config classes of transformers."""

import dataclasses
import inspect
import json
import re
import sys

import numpy as np
import pytest
import torch
import transformers
from transformers.models.auto.configuration_auto import CONFIG_MAPPING
from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING

from model.errors import BadInput
from model.files.convert import read_huggingface
from model.files.convert.families import FAMILIES
from model.files.convert.harmless import is_harmless
from model.trace import run_trace
from tests.hf_families import CONFIGS, T
from tests.test_convert_families import FAMILIES as OLDER
from tests.test_hf_families import make_folder

transformers.logging.set_verbosity_error()
CLASSES = {name: CONFIG_MAPPING[name] for name in FAMILIES if name != "kimi_k2"}  # that is DeepSeek-V3's code
EVERY = {field.name for field in dataclasses.fields(transformers.PreTrainedConfig)}

# Read by the families' code and yet without effect on the next token.
_READ_FOR_NOTHING = {
    "output_attentions", "output_hidden_states", "output_router_logits", "use_cache", "return_dict", "pad_token_id",
    "initializer_range", "router_aux_loss_coef", "router_jitter_noise", "num_labels", "problem_type",
    "attention_dropout", "hidden_dropout", "classifier_dropout", "attn_pdrop", "embd_pdrop", "resid_pdrop",
    "summary_type", "summary_use_proj", "summary_activation", "summary_proj_to_labels", "summary_first_dropout",
    "reorder_and_upcast_attn", "chunk_size_feed_forward", "dtype", "_attn_implementation", "pretraining_tp",
    "eos_token_id", "bos_token_id", "summary_last_dropout", "is_decoder",
}  # fmt: skip


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize("name", CLASSES)
def test_defaults_are_those_of_the_familys_code(name):
    """Guards what a file leaves out, and every option that transformers knows and we don't."""
    family, made = FAMILIES[name], CLASSES[name]
    for field in dataclasses.fields(made):
        if field.name in family.defaults:
            assert family.defaults[field.name] == field.default, field.name
        else:
            assert field.name in EVERY or field.name == "rope_parameters" or is_harmless(field.name), field.name
    theta = made.default_theta
    theta = theta["global"] if isinstance(theta, dict) else theta
    assert family.defaults.get("rope_theta", family.defaults.get("rotary_emb_base", theta)) == theta
    aliases = {frozenset(pair) for pair in made.attribute_map.items() if not is_harmless(pair[0])}
    aliases -= {frozenset(("head_dim", "qk_rope_head_dim"))}  # follows from the other
    assert {frozenset(pair) for pair in family.aliases.items()} == aliases


@pytest.mark.parametrize("name", CLASSES)
def test_what_is_ignored_is_never_read(name):
    """A list of harmless options must not hold one that this family's modeling code reads."""
    module = sys.modules[MODEL_FOR_CAUSAL_LM_MAPPING[CLASSES[name]].__module__]
    source = inspect.getsource(module)
    read = set(re.findall(r"config\.(\w+)", source)) | set(re.findall(r'getattr\((?:self\.)?config, "(\w+)"', source))
    passed_over = {option for option in read if is_harmless(option) or option in FAMILIES[name].ignored}
    assert {option for option in passed_over if not option.startswith("_")} <= _READ_FOR_NOTHING


def one_of_each() -> dict[str, dict]:
    """A config of every family, by model type."""
    made = {}
    for kind, values in OLDER.values():
        model_type = getattr(transformers, f"{kind}Config").model_type
        made.setdefault(model_type, {"model_type": model_type, **values})
    for config in CONFIGS.values():
        made.setdefault(config["model_type"], config)
    return made


EXAMPLES = one_of_each()


def test_every_family_has_an_example():
    assert set(EXAMPLES) == set(FAMILIES)


def variants(config: dict, defaults: dict):
    """`config` with each option removed, nulled, and given another value: what was changed, and the config."""
    apart = ("model_type", "tie_word_embeddings")  # what tying means depends on what is stored: tested by itself
    for name in [name for name in {**defaults, **config} if name not in apart and not is_harmless(name)]:
        if name in config:
            yield f"{name} removed", {key: value for key, value in config.items() if key != name}
        yield f"{name} null", config | {name: None}
        value = config.get(name, defaults.get(name))
        if isinstance(value, bool) or value is None:
            yield f"{name} {not value}", config | {name: not value}
        elif isinstance(value, int):
            yield f"{name} {value + 1}", config | {name: value + 1}
        elif isinstance(value, float):
            yield f"{name} {value * 1.5}", config | {name: value * 1.5}
        elif isinstance(value, str):
            yield f"{name} relu", config | {name: "relu"}


@pytest.mark.parametrize("name", [name for name in EXAMPLES if name != "kimi_k2"])
def test_a_changed_option_is_computed_rightly_or_refused(name, tmp_path):
    """Remove, null and change each option: our logits are transformers', or there is a refusal."""
    config = EXAMPLES[name]
    weights = make_folder(config, 0, tmp_path).state_dict()
    ids = np.random.default_rng(0).integers(0, 256, T).tolist()
    read = 0
    for change, other in variants(config, FAMILIES[name].defaults):
        (tmp_path / "config.json").write_text(json.dumps(other))
        try:
            ours = run_trace(read_huggingface(tmp_path, "ours"), ids).logits
        except BadInput as refused:
            assert "\n" not in str(refused)
            continue
        theirs = logits_of(other, weights, ids)
        if theirs is None:
            continue
        read += 1
        difference = np.abs(ours - theirs).max() / np.abs(theirs).max()
        assert difference <= 2e-4, change
    assert read > 0


def logits_of(config: dict, weights: dict, ids: list[int]) -> np.ndarray | None:
    """transformers' logits with these weights; None where it cannot build or load that."""
    try:
        read = CONFIG_MAPPING[config["model_type"]].from_dict(json.loads(json.dumps(config)))
        made = transformers.AutoModelForCausalLM.from_config(read, attn_implementation="eager").eval()
        made.load_state_dict(weights)
        with torch.no_grad():
            return made(torch.tensor([ids])).logits[0].numpy()
    except Exception:  # whatever transformers says to an option, it is not our result
        return None
