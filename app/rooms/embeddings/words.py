"""The address words of this room."""

from app.kit.address import Word, claim, one_of

PARTS = ("rows", "position", "nearest")
MAPS = ("near", "two", "three")  # one token's neighbours, or the prompt layer by layer in two or three dimensions
SIZES = ("directions", "lengths")  # every vector at length 1, or as long as it is

claim(
    "embeddings",
    part=Word("rows", one_of(*PARTS)),
    vocabulary_map=Word("near", one_of(*MAPS)),
    sizes=Word("directions", one_of(*SIZES)),
)
