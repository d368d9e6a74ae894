"""What the compare page is asked: what differs, what side B is, which picture, layer and head."""

from __future__ import annotations

import streamlit as st

from app.kit import pickers, runtime, session
from app.kit.changes import FLAGS, NONE, Changes, heads_word
from app.kit.frame import Room
from app.rooms.compare.pictures import OF_NAME
from app.rooms.compare.sides import Side, b_model, b_prompt, changes, swap
from app.rooms.compare.words import AGAINST, PICTURES
from app.text import escape_markdown


def against(room: Room) -> None:
    """What differs between the sides."""

    def chosen() -> None:
        # A comparison begins with a difference: the mask is the one that every picture of attention shows.
        if st.session_state["versus"] == "change" and changes(room) == Changes():
            session.change(unmasked=True)

    st.segmented_control(
        room.translate("compare.against"),
        AGAINST,
        format_func=lambda name: room.translate(f"compare.against.{name}"),
        key="versus",
        required=True,
        label_visibility="collapsed",
        on_change=chosen,
    )


def side_b(room: Room) -> None:
    """What side B is, where that is a prompt, a model or a change."""
    view = room.view
    if view.versus == "prompt":
        st.text_area(
            room.translate("compare.b_prompt"),
            key=_box("b_prompt", b_prompt(view)),
            height="content",
            label_visibility="collapsed",
            on_change=_take_over,
            args=("b_prompt",),
        )
    elif view.versus == "model":
        names = pickers.models(lambda entry: True)
        shown = b_model(view)
        st.selectbox(
            room.translate("compare.b_model"),
            names if shown in names else [*names, shown],
            key=_box("b_model", shown),
            accept_new_options=True,
            label_visibility="collapsed",
            on_change=_take_over,
            args=("b_model",),
        )
    elif view.versus == "change":
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            for name in FLAGS:
                st.toggle(room.translate(f"what_if.{name}"), key=name)
            _switch(room)
            st.button(
                room.translate("compare.more"),
                key="more_changes",
                icon=":material/rule_settings:",
                on_click=session.go,
                args=("what-if",),
            )
            made = changes(room)
            if made.off or made.even or made.drawn:
                st.button(
                    room.translate("what_if.reset"),
                    key="reset",
                    icon=":material/restart_alt:",
                    on_click=session.change,
                    kwargs=NONE,
                )


def _switch(room: Room) -> None:
    """Switches the head off, or on again, that is looked at."""
    off, here = set(changes(room).off), (room.view.layer, room.view.head)
    word = "compare.on" if here in off else "compare.off"
    st.button(
        room.translate(word, layer=here[0], head=here[1]),
        key="switch_head",
        on_click=session.change,
        kwargs={"off": heads_word(off ^ {here}, room.lm.config)},
    )


def beginnings(room: Room) -> None:
    """A button that puts A's prompt into B's box, to be changed there."""
    if room.view.versus == "prompt":
        st.button(
            room.translate("compare.copy"),
            key="copy_prompt",
            icon=":material/content_copy:",
            on_click=session.change,
            kwargs={"b_prompt": room.view.prompt},
        )


def swapping(room: Room, a: Side, b: Side) -> None:
    """The button that swaps the sides."""
    st.button(
        room.translate("compare.swap"),
        key="swap",
        icon=":material/swap_horiz:",
        on_click=swap,
        args=(room.view, a, b),
    )


def picture(room: Room, a: Side, b: Side) -> None:
    """Which picture; layer and head of A, and of B where those can be others."""
    view = room.view
    kind = OF_NAME.get(view.picture)
    st.selectbox(
        room.translate("compare.picture"),
        PICTURES,
        format_func=lambda name: room.translate(f"compare.picture.{name}"),
        key="picture",
        width=310,
    )
    own = view.versus in ("model", "head")  # whether B has a layer and a head of its own
    if view.versus == "head" or (kind is not None and kind.layer):
        pickers.layer(room, width=118)
    if view.versus == "head" or (kind is not None and kind.head):
        pickers.head(room, width=118)
    if own and kind is not None and kind.layer:
        _of_b(room, "b_layer", b.layer, b.lm.config.n_layers)
    if own and kind is not None and kind.head:
        _of_b(room, "b_head", b.head, b.lm.config.attention.n_heads)


def _of_b(room: Room, word: str, shown: int, count: int) -> None:
    st.number_input(
        room.translate(f"compare.{word}"),
        0,
        count - 1,
        step=1,
        key=_box(word, shown),
        width=118,
        on_change=_take_over,
        args=(word,),
    )


def _box(word: str, shown: object) -> str:
    """The key of a widget that shows what the page uses, without choosing it: nobody's choice follows side A."""
    st.session_state[f"{word}_box"] = shown
    return f"{word}_box"


def _take_over(word: str) -> None:
    session.change(**{word: st.session_state[f"{word}_box"]})


def without(room: Room, sentence: str, names: list[str]) -> None:
    """One sentence, and buttons for the models that have what is missing."""
    st.info(escape_markdown(sentence), icon=":material/info:")
    if names:
        pickers.switch_to(room, names)


def expert_models() -> list[str]:
    """Models with experts."""
    return [entry.name for entry in runtime.entries() if entry.available and "MoE" in entry.feed_forward]


def latent_models() -> list[str]:
    """Models with latent attention."""
    return [entry.name for entry in runtime.entries() if entry.available and entry.attention == "MLA"]
