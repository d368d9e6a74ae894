"""The programs we are compared with, reading the same SmolLM2 file."""

from __future__ import annotations

from pathlib import Path

import torch
from transformer_lens.model_bridge import TransformerBridge
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedModel


def hugging_face(gguf: Path, attention: str = "sdpa") -> PreTrainedModel:
    """transformers' model from the GGUF file, float32."""
    return AutoModelForCausalLM.from_pretrained(
        gguf.parent, gguf_file=gguf.name, dtype=torch.float32, attn_implementation=attention
    ).eval()


def transformer_lens(gguf: Path, folder: Path) -> TransformerBridge:
    """TransformerLens around transformers' model; `folder` takes the config and tokenizer it wants to read."""
    made = hugging_face(gguf, "eager")
    del made.config.quantization_config  # the weights were unpacked to float32 long ago
    made.config.save_pretrained(folder)
    tokenizer = AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name)
    tokenizer.save_pretrained(folder)
    return TransformerBridge.boot_transformers(str(folder), hf_model=made, tokenizer=tokenizer, device="cpu")
