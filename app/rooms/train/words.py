"""The address words of this room."""

from app.kit.address import Word, claim, one_of, text

SIZES = ("small", "medium")  # together these three name an architecture of model/training/classroom.py
ATTENTION = ("mha", "mla")
NETWORKS = ("dense", "moe")
TEXTS = ("en-stories", "en-grimm", "zh-poems", "python", "sums", "own")  # "own": typed or uploaded, so in no address

claim(
    "train",
    learn_text=Word("en-stories", one_of(*TEXTS)),
    learn_size=Word("small", one_of(*SIZES)),
    learn_attention=Word("mha", one_of(*ATTENTION)),
    learn_network=Word("dense", one_of(*NETWORKS)),
    learn_run=Word("", text),  # the training that is shown, by its id: so loading the page again finds it
)
