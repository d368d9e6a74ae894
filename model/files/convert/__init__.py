"""Models that others trained: GGUF files and Hugging Face folders, as our own `Transformer`.

What would not be computed faithfully is refused by name; nothing read is ever executed.
"""

from .gguf import read_gguf
from .huggingface import read_huggingface

__all__ = ["read_gguf", "read_huggingface"]
