"""The address words of this room."""

from app.kit.address import Word, claim, numbers, one_of, optional, text, whole

LATENT = ("path", "cache", "size", "cost", "lost")  # parts of the page
SCOPES = ("layer", "all")  # whose keys and values are compressed
DTYPES = ("fp32", "bf16", "fp16", "fp8", "int8", "int4")  # of a cache at real size

claim(
    "mla",
    latent=Word("path", one_of(*LATENT)),
    preset=Word("deepseek-v3", text),  # a published model
    # Layers, heads, head width, groups, latent, rotated width; None: the preset's.
    shape=Word(None, optional(numbers)),
    context=Word(32_768, whole(1, 10_000_000)),  # tokens of a request
    batch=Word(1, whole(1, 100_000)),  # requests
    dtype=Word("bf16", one_of(*DTYPES)),
    memory=Word(2256, whole(1, 1_000_000)),  # GB of all GPUs together
    scope=Word("layer", one_of(*SCOPES)),
    rank=Word(4, whole(1)),
)
