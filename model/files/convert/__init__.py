"""Models that others trained: GGUF files and Hugging Face folders, as our own `Transformer`.

What would not be computed faithfully is refused by name; nothing read is ever executed.
"""

from .assembly import Plan, check_names
from .gguf import plan_gguf, read_gguf
from .huggingface import plan_huggingface, read_huggingface

__all__ = ["Plan", "check_names", "plan_gguf", "plan_huggingface", "read_gguf", "read_huggingface"]
