"""What a Hugging Face config.json says, as a `ModelConfig`.

Nothing that changes the result is passed over in silence: every option must be one that is read
in families/ or one that is known to leave the result alone.  An option nobody here has heard of,
switched on, is refused by name.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ...config import ModelConfig
from ...errors import BadInput
from .families import FAMILIES, Family
from .harmless import REFUSED
from .options import Options

# Models of pictures and text whose text part stands in `text_config`; what else they have is left out.
_NESTED = {"gemma3": "gemma3_text", "kimi_k25": "deepseek_v3", "kimi_vl": "deepseek_v3"}


@dataclass(frozen=True)
class Description:
    """What a config.json describes."""

    model_type: str  # of the text part
    family: Family
    config: ModelConfig
    nested: bool  # whether it is the text part of something larger
    ignored: tuple[str, ...]  # options that were passed over, because they leave the result alone


def describe(data: dict[str, Any]) -> Description:
    """Read the content of a config.json.

    Raises:
        BadInput: "unsupported" naming the model type or the option, "bad_config" for sizes that
            contradict each other.
    """
    whole, nested = data, data.get("model_type") in _NESTED
    if nested:
        data = dict(data.get("text_config") or {})
        data.setdefault("model_type", _NESTED[whole["model_type"]])
        for name in ("tie_word_embeddings", "quantization_config", "eos_token_id"):
            if name in whole:
                data.setdefault(name, whole[name])
    family = _family(data.get("model_type"))
    _refuse_quantised(data)
    options = Options(data, family.defaults, family.aliases, family.ignored | {"quantization_config"})
    config = family.config(options)
    options.skip("model_type", "architectures", "dtype", "torch_dtype", "transformers_version")  # say what the file is
    options.refuse_unknown()
    return Description(data["model_type"], family, config, nested, tuple(options.unread()))


def read_config(data: dict[str, Any]) -> ModelConfig:
    """The architecture that the content of a config.json describes; raises as `describe`."""
    return describe(data).config


def _family(model_type: Any) -> Family:
    if isinstance(model_type, str) and model_type in FAMILIES:
        return FAMILIES[model_type]
    name = str(model_type)[:40]
    if name in REFUSED:
        raise BadInput(
            "unsupported",
            f"Models of type {name!r} are not supported ({REFUSED[name]}): use a model of another type.",
            what=f"model_type {name}",
        )
    raise BadInput(
        "unsupported",
        f"Models of type {name!r} are not supported: known types are {', '.join([*FAMILIES, *_NESTED])}.",
        what=f"model_type {name}",
    )


def _refuse_quantised(data: dict[str, Any]) -> None:
    quantised = data.get("quantization_config")
    if not quantised:
        return
    method = quantised.get("quant_method") if isinstance(quantised, dict) else None
    if data["model_type"] == "gpt_oss" and method == "mxfp4":
        return  # as published; unpacked while loading
    raise BadInput(
        "unsupported",
        "The model is quantised (quantization_config in its config.json), which is not supported: "
        "use its unquantised version, or a GGUF file.",
        what="quantization_config",
    )
