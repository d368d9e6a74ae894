"""Models on disk: the tokenizer, our own files, those of Hugging Face and GGUF, and the list of models by name."""
