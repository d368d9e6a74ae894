"""The name under which programs import the tokenizer: it is written in files/, beside the formats it is read from."""

from .files.tokenizer import Tokenizer, byte_alphabet

__all__ = ["Tokenizer", "byte_alphabet"]
