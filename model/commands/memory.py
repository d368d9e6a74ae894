"""`python -m model memory NAME`: a model's cache and parameters, as a table or as JSON.

Knows how to name, ask and print; every number comes from `memory`.
"""

from __future__ import annotations

import argparse
import json
import textwrap
from pathlib import Path
from typing import Any

from ..config import ModelConfig
from ..errors import BadInput
from ..files.catalog import catalog, find_path, load
from ..files.convert.huggingface_config import read_config
from ..measure import memory
from ..measure.presets import PRESETS, Preset

ALIASES = {
    "smollm2": "smollm2-135m",
    "gemma3-270m": "gemma-3-270m",
}  # counted from its config: no need to fetch the weights
GB = 1000**3


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `memory`."""
    parser.add_argument(
        "name", metavar="NAME", help=f"a published model ({', '.join(PRESETS)}), a built-in model, or a path"
    )
    parser.add_argument(
        "--context",
        type=int,
        metavar="TOKENS",
        help="tokens in each sequence (default: the longest the model was made for)",
    )
    parser.add_argument("--batch", type=int, default=1, metavar="N", help="sequences held at once (default: 1)")
    parser.add_argument("--dtype", default="bf16", help=f"of the cache: {', '.join(memory.BITS)} (default: bf16)")
    parser.add_argument(
        "--gpu-memory",
        type=float,
        metavar="GB",
        help="also say how many such sequences fit beside the weights, 1 GB = 1000^3 B",
    )
    parser.add_argument("--gpus", type=int, default=1, metavar="N", help="of that memory, together (default: 1)")
    parser.add_argument(
        "--weights", default="bf16", metavar="DTYPE", help="of the weights, for --gpu-memory (default: bf16)"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(args: argparse.Namespace) -> int:
    """Print the report that `args` ask for; 0.

    Raises:
        BadInput: for a name, count or data type that cannot be used.
    """
    report = make_report(
        args.name,
        context=args.context,
        batch=args.batch,
        dtype=args.dtype,
        gpu_memory=args.gpu_memory,
        gpus=args.gpus,
        weights=args.weights,
    )
    print(json.dumps(report, indent=2) if args.json else as_text(report))
    return 0


def find_config(name: str) -> tuple[str, ModelConfig, Preset | None]:
    """The name to print, the architecture, and the preset if it is one, for a published or loadable model.

    Raises:
        BadInput: "unknown_model" with every name known, or what `model.load` raises.
    """
    plain = name.lower().replace("gpt-2", "gpt2")
    preset = PRESETS.get(ALIASES.get(plain, plain))
    if preset is not None:
        return preset.name, preset.config, preset
    path = find_path(name)
    if path is not None and path.is_dir():
        return path.absolute().name, _read_folder(path / "config.json"), None
    try:
        loaded = load(name)
    except BadInput as error:
        if error.code != "unknown_model":
            raise
        known = ", ".join([*PRESETS, *(entry.name for entry in catalog() if entry.name not in ALIASES)])
        raise BadInput(
            "unknown_model",
            f"There is no model or path {name[:200]!r}: give one of {known}, or a path.",
            name=name[:200],
            known=known,
        ) from error
    return loaded.name, loaded.config, None


def _read_folder(path: Path) -> ModelConfig:
    """The architecture in a Hugging Face config.json; the weights beside it are not needed, nor their precision."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BadInput("not_a_model_folder", f"{path} cannot be read as JSON: {error}.", reason=str(error)) from error
    if not isinstance(data, dict):
        raise BadInput(
            "not_a_model_folder", f"{path} holds no JSON object: it is not a model's config.json.", reason="no object"
        )
    return read_config(_unquantised(data))


def _unquantised(data: dict[str, Any]) -> dict[str, Any]:
    """A config.json's content without what it says of the numbers' packing, in the text part too."""
    kept = {option: value for option, value in data.items() if option != "quantization_config"}
    if isinstance(kept.get("text_config"), dict):
        kept["text_config"] = _unquantised(kept["text_config"])
    return kept


def make_report(
    name: str,
    *,
    context: int | None = None,
    batch: int = 1,
    dtype: str = "bf16",
    gpu_memory: float | None = None,
    gpus: int = 1,
    weights: str = "bf16",
) -> dict[str, Any]:
    """Everything `memory` knows of the model `name`, as plain data; sizes in bytes.

    Args:
        context, batch, dtype: of the cache; context None means the longest the model was made for.
        gpu_memory: of one GPU, in GB (1000^3 B); None leaves "fits" out.
        gpus, weights: how many GPUs share the model, and the data type of its weights.

    Raises:
        BadInput: "unknown_model", "bad_count", "unknown_dtype".
    """
    name, config, preset = find_config(name)
    context = config.context if context is None else context
    elements = memory.elements_per_token(config)
    per_token = memory.bytes_of(elements, dtype)
    parts = memory.parameters_by_part(config)
    count = memory.sum_counts(parts.values())
    held = sum(memory.tokens_held(config, context))  # of all layers
    report: dict[str, Any] = {
        "model": name,
        "title": preset.title if preset else name,
        "source": preset.source if preset else "its own config",
        "attention": config.attention.kind,
        "layers": config.n_layers,
        "dtype": dtype,
        "context": context,
        "longest_context": config.context,
        "batch": batch,
        "elements_per_token": elements,
        "bytes_per_token": per_token,
        "bytes_per_sequence": memory.cache_bytes(config, context, 1, dtype),
        "total_bytes": memory.cache_bytes(config, context, batch, dtype),
        "times_deepseek_v3": elements / memory.elements_per_token(PRESETS["deepseek-v3"].config),
        "baselines": [
            {
                "name": other.name,
                "bytes_per_token": memory.bytes_of(other.elements_per_token, dtype),
                "total_bytes": memory.bytes_of(other.elements_per_token * held // config.n_layers * batch, dtype),
                "times": other.elements_per_token / elements,
            }
            for other in memory.baselines(config)
        ],
        "parameters": count.total,
        "active_parameters": count.active,
        "active_with_tables": memory.active_with_tables(config),
        "active_means": memory.ACTIVE_MEANS,
        "parts": {part: {"total": own.total, "active": own.active} for part, own in parts.items()},
        "published": {"total": preset.total, "active": preset.active, "beyond": preset.beyond} if preset else None,
    }
    windows = [config.attention_at(layer).sliding_window for layer in range(config.n_layers)]
    if any(windows):
        report |= {
            "sliding_window": max(window or 0 for window in windows),
            "windowed_layers": sum(window is not None for window in windows),
            "total_bytes_without_windows": memory.cache_bytes(config, context, batch, dtype, rolling=False),
        }
    if gpu_memory is not None:
        report["fits"] = _fits(config, context, gpu_memory, gpus, weights, dtype)
    return report


def _fits(config: ModelConfig, context: int, gpu_memory: float, gpus: int, weights: str, dtype: str) -> dict[str, Any]:
    if gpus < 1 or not 0 < gpu_memory < 1e9:
        raise BadInput(
            "bad_count",
            f"--gpu-memory and --gpus must be positive, not {gpu_memory:g} and {gpus}.",
            name="gpu-memory",
            value=gpu_memory,
        )
    fit = memory.requests_that_fit(config, int(gpu_memory * GB) * gpus, context, weights=weights, cache=dtype)
    return {
        "gpus": gpus,
        "gpu_memory_gb": gpu_memory,
        "weights_dtype": weights,
        "weight_bytes": fit.weight_bytes,
        "free_bytes": fit.free_bytes,
        "requests": fit.requests,
    }


def as_text(report: dict[str, Any]) -> str:
    """The report of `make_report` as a table for people."""
    dtype, elements = report["dtype"], report["elements_per_token"]
    held = f"{report['context']:,} tokens x {report['batch']:,}"
    rows = [(f"{report['attention']}, as cached", report["bytes_per_token"], report["total_bytes"], "")]
    rows += [
        (other["name"], other["bytes_per_token"], other["total_bytes"], f"{other['times']:.2f}x")
        for other in report["baselines"]
    ]
    lines = [
        f"{report['title']}: {report['attention']}, {report['layers']} layers",
        f"Source: {report['source']}",
        "",
        f"{f'Cache in {dtype} ({elements:,} numbers a token)':<52}{'per token':>14}  {held:>22}",
    ]
    lines += [
        f"  {name:<50}{per_token:>12,} B  {size(total):>22}  {times:>7}".rstrip()
        for name, per_token, total, times in rows
    ]
    if report.get("sliding_window"):
        whole = size(report["total_bytes_without_windows"])
        lines.append(f"  {'the same, were nothing left out of the windows':<50}{'':>14}  {whole:>22}")
        lines.append(
            f"  {report['windowed_layers']} of {report['layers']} layers look back {report['sliding_window']:,} tokens "
            "and hold no more."
        )
    if report["context"] > report["longest_context"]:
        lines.append(f"  The model was made for at most {report['longest_context']:,} tokens.")
    if report["model"] != "deepseek-v3":
        lines.append(f"  {report['times_deepseek_v3']:.3f} times what DeepSeek-V3 caches for a token")
    lines += ["", f"{'Parameters':<24}{'all':>20}{'active per token':>20}"]
    lines += [f"  {part:<22}{own['total']:>20,}{own['active']:>20,}" for part, own in report["parts"].items()]
    lines.append(f"  {'sum':<22}{report['parameters']:>20,}{report['active_parameters']:>20,}")
    published = report["published"]
    if published:
        lines.append(
            f"  {'as its makers print it':<22}{published['total']:>20}{published['active'] or '':>20}".rstrip()
        )
        if published["beyond"]:
            lines.append(f"  Their count is {published['beyond']}.")
    lines += textwrap.wrap(report["active_means"], 96, initial_indent="  ", subsequent_indent="  ")
    if report["active_with_tables"] != report["active_parameters"]:
        lines.append(f"  With whole embedding tables: {report['active_with_tables']:,} active per token.")
    if "fits" in report:
        lines += ["", _fit_text(report)]
    return "\n".join([*lines, "", "1 KB = 1000 B, 1 MB = 1000^2 B, 1 GB = 1000^3 B."])


def _fit_text(report: dict[str, Any]) -> str:
    fits = report["fits"]
    where = f"{fits['gpus']} x {fits['gpu_memory_gb']:g} GB"
    weights = f"the weights in {fits['weights_dtype']} ({size(fits['weight_bytes'])})"
    if fits["free_bytes"] < 0:
        return f"On {where}, {weights} alone do not fit: {size(-fits['free_bytes'])} too much."
    held = f"{fits['requests']:,} sequences of {report['context']:,} tokens"
    return f"On {where}, beside {weights}: {held}, activations not counted."


def size(count: int) -> str:
    """`count` bytes for people, in decimal units: "70.272 KB"."""
    for unit, factor in (("TB", 1000**4), ("GB", GB), ("MB", 1000**2), ("KB", 1000)):
        if count >= factor:
            return f"{count / factor:,.3f} {unit}"
    return f"{count} B"
