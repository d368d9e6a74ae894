"""The address words of this room."""

from app.kit.address import Word, claim, one_of, whole

PARTS = ("candidates", "choice", "beams", "positions", "lens")
WIDEST = 5  # beams

claim(
    "output",
    output_part=Word("candidates", one_of(*PARTS)),
    beams=Word(3, whole(1, WIDEST)),  # width of the beam search
)
