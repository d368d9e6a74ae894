"""The address words of this room."""

from app.kit.address import Word, claim, one_of, whole

ROUTING = ("who", "decision", "active", "likes", "whatif")  # parts of the page
ROUTES = ("map", "layers", "flow")  # ways to draw who goes where
CHANGES = ("off", "force", "top", "bias")  # what can be changed about the experts

claim(
    "moe",
    routing=Word("who", one_of(*ROUTING)),
    routes=Word("map", one_of(*ROUTES)),
    change=Word("off", one_of(*CHANGES)),
    expert=Word(0, whole()),
    kept=Word(1, whole(1)),  # experts left of those chosen, where `change` is "top"
)
