"""The address words of this room."""

from app.kit.address import Word, claim, one_of

JOBS = ("previous", "first", "itself", "same", "induction", "spread")  # as in app.kit.head_jobs
ORDERS = ("layer", "score", "entropy")

claim("heads", job=Word("all", one_of("all", *JOBS)), order=Word("layer", one_of(*ORDERS)))
