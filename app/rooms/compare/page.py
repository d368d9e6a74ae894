"""Two prompts, two models, a model before and after a change, or two heads: any picture of both, and A − B."""

from __future__ import annotations

import numpy as np
import streamlit as st

from app.kit import frame, pickers, session
from app.kit.changes import in_words
from app.kit.chart import chart
from app.kit.frame import Room
from app.kit.numbers import change, percent_change
from app.kit.source import source
from app.kit.take import Matrix, take
from app.rooms.compare import controls
from app.rooms.compare.analysis import Axis, align, align_spans, difference
from app.rooms.compare.figures import predictions
from app.rooms.compare.next_token import Next, next_tokens
from app.rooms.compare.pictures import OF_NAME, Picture
from app.rooms.compare.sheets import sheets
from app.rooms.compare.sides import Side, changes, joint, sides
from app.rooms.compare.tables import Compared, Names, compare
from app.text import error_text, escape_markdown
from model import BadInput

PICTURE = 420  # px: what the first screen leaves for the chart


def show() -> None:
    """Draw the page."""
    room = frame.enter(pickers.clearest_head)
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="compared"):
        controls.against(room)
        with st.container(width="stretch"):
            controls.side_b(room)
        controls.beginnings(room)
        swapper = st.container(width="content")
    try:
        a, b, refused = sides(room)
    except BadInput as error:
        st.error(escape_markdown(error_text(room.view.lang, error)), icon=":material/error:")
        return
    with swapper:
        controls.swapping(room, a, b)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="pickers"):
        controls.picture(room, a, b)
    for refusal in refused:
        st.warning(escape_markdown(error_text(room.view.lang, refusal)), icon=":material/block:")
    tokens = joint(room, a, b)
    if room.view.picture == "next":
        _next(room, a, b, tokens)
        return
    picture = OF_NAME[room.view.picture]
    lacking = [name for name, side in (("a", a), ("b", b)) if not picture.has(side.trace, side.layer)]
    if lacking:
        _lacking(room, picture, lacking, a, b)
        return
    _pictures(room, a, b, compare(a, b, picture, tokens, room.position), tokens)


def names_of(room: Room, a: Side, b: Side) -> tuple[str, str]:
    """What the sides are called, beside the letters A and B."""
    view = room.view
    if view.versus == "prompt":
        return f"A · {_short(a.trace.prompt)}", f"B · {_short(b.trace.prompt)}"
    if view.versus == "model":
        return f"A · {a.lm.name}", f"B · {b.lm.name}"
    if view.versus == "change":
        words = [room.translate(f"compare.is.{'changed' if view.changed == side else 'plain'}") for side in "ab"]
    else:
        kind = OF_NAME.get(view.picture)
        word = "head" if kind is None or kind.head or not kind.layer else "layer"
        words = [room.translate(f"compare.is.{word}", layer=side.layer, head=side.head) for side in (a, b)]
    return f"A · {words[0]}", f"B · {words[1]}"


def _short(text: str, most: int = 60) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


# The next token


def _next(room: Room, a: Side, b: Side, tokens: Axis) -> None:
    found = next_tokens(a, b, tokens, room.position)
    names = names_of(room, a, b)
    best = found.rows[0]
    sentence = room.translate(
        "compare.next",
        here=room.quoted(a.trace.tokens[room.position]),
        a=room.quoted(found.best[0][0]),
        a_share=_percent(found.best[0][1]),
        b=room.quoted(found.best[1][0]),
        b_share=_percent(found.best[1][1]),
    )
    st.markdown(f"#### {sentence}")
    st.markdown(_next_note(room, found, b) + room.translate("compare.look.next"))
    chart(
        predictions(
            [row.token for row in found.rows],
            np.array([row.a for row in found.rows]),
            np.array([row.b for row in found.rows]),
            names,
            room.look,
            x=room.translate("compare.axis.next"),
            height=PICTURE,
        ),
        key="predictions",
        alt=f"{sentence} {best.token}",
    )
    rows = [row.token for row in found.rows]
    matrices = {
        f"{room.translate('compare.picture.next')}, {side}": Matrix(np.array(values), rows, probability=True)
        for side, values in (("A", [row.a for row in found.rows]), ("B", [row.b for row in found.rows]))
    }
    take(room, matrices)
    source(room, next_tokens, align)


def _percent(share: float) -> str:
    return f"{percent_change(share, share).after} %"


def _next_note(room: Room, found: Next, b: Side) -> str:
    if not found.last:
        return ""
    return room.translate("compare.next.last", there=room.quoted(b.trace.tokens[-1])) + " "


# The pictures


def _pictures(room: Room, a: Side, b: Side, made: Compared, tokens: Axis) -> None:
    st.markdown(f"#### {_title(room, made)}")
    st.markdown(_notes(room, a, b, made, tokens))
    view, picture = room.view, made.picture
    entry = tokens.entry(room.position)
    square = picture.rows == picture.columns == "token" and made.apart is not None and len(made.a) == 1
    shown = made.rows if made.rows.along == "token" else made.columns
    chosen = None
    if shown.along == "token" and shown.axis is not None and room.position in shown.axis.a and len(made.a) == 1:
        chosen = shown.axis.entry(room.position)
    names = names_of(room, a, b)
    sheets(
        made,
        panel=view.panel,
        pin=(entry, tokens.entry(view.key)) if square and view.key is not None else None,
        chosen=chosen,
        labels=_labels(room, made, names),
        colours={
            **{
                name: getattr(room.look, name)
                for name in ("paper", "ink", "faint", "masked", "hatch", "query", "accent")
            },
            "frame": room.look.grid,
            "probability": room.look.probability,
            "signed": room.look.signed,
        },
        on_choose=lambda place: _choose(picture, len(made.a), place),
        on_panel=lambda panel: session.change(panel=panel),
    )
    _take(room, made)
    source(room, picture.table, align if tokens.same.all() or view.versus != "model" else align_spans, difference)


def _title(room: Room, made: Compared) -> str:
    view = room.view
    name = room.translate(f"compare.picture.{made.picture.name}")
    if view.versus != "head" and made.picture.head:
        name = room.translate("compare.of.head", picture=name, layer=view.layer, head=view.head)
    elif view.versus != "head" and made.picture.layer:
        name = room.translate("compare.of.layer", picture=name, layer=view.layer)
    if made.apart is None:
        return escape_markdown(name)
    if made.farthest is None:
        return f"{escape_markdown(name)}: {room.translate('compare.nothing_common')}"
    if not made.farthest.beyond_rounding:
        return f"{escape_markdown(name)}: {room.translate('compare.equal')}"
    tile, row, column = made.farthest.place
    place = [_entry(room, made.rows, row), _entry(room, made.columns, column)]
    arrow = " → " if made.rows.along == made.columns.along == "token" else ", "
    where = arrow.join(filter(None, place))
    if len(made.a) > 1:
        where = f"{room.translate('compare.sheet.along.head', label=tile)}, {where}"
    first, second = (float(np.nan_to_num(side[made.farthest.place])) for side in (made.a, made.b))
    printed = change(second, first, 2)
    return room.translate(
        "compare.farthest",
        picture=escape_markdown(name),
        where=where,
        a=printed.after,
        b=printed.before,
        change=printed.change,
    )


def _entry(room: Room, names: Names, place: int) -> str:
    first, second = names.a[place], names.b[place]
    if names.along == "token":
        return room.quoted(first) if first == second else f"{room.quoted(first)} / {room.quoted(second)}"
    return room.translate(f"compare.sheet.along.{names.along}", label=escape_markdown(first))


def _notes(room: Room, a: Side, b: Side, made: Compared, tokens: Axis) -> str:
    """What to look for, and what cannot be said."""
    picture, notes = made.picture, []
    notes.append(room.translate(f"compare.look.{picture.name}"))
    if room.view.versus == "change":
        said = in_words(room, changes(room))
        notes.append(room.translate("compare.changes", changes=said) if said else room.translate("compare.unchanged"))
    if made.apart is None:
        key = "unequal.heads" if picture.name == "heads" else "unequal"
        notes.append(
            room.translate(
                f"compare.{key}",
                a=" × ".join(map(str, made.shapes[0])),
                b=" × ".join(map(str, made.shapes[1])),
            )
        )
    elif room.view.versus == "head" and not picture.head and not picture.layer:
        notes.append(room.translate("compare.no_head"))
    elif picture.of_model and a.lm.fingerprint != b.lm.fingerprint:
        notes.append(room.translate("compare.own_axes"))
    alone = [int((side < 0).sum()) for side in (tokens.b, tokens.a)]
    if any(alone) and "token" in (made.rows.along, made.columns.along):
        notes.append(room.translate("compare.alone", a=alone[0], b=alone[1]))
    if made.left_out is not None:
        kind, first, last, count = made.left_out
        notes.append(room.translate(f"compare.left_out.{kind}", first=first, last=last, count=count))
    return " ".join(notes)


def _labels(room: Room, made: Compared, names: tuple[str, str]) -> dict[str, str]:
    labels = room.templates("compare.sheet.")
    labels |= {"a": names[0], "b": names[1], "difference": room.translate("compare.difference")}
    square = made.rows.along == made.columns.along == "token"
    if square and made.picture.name != "similarity":
        labels["axes"] = room.translate("compare.axes.attention")
    else:
        kinds = [room.translate(f"compare.axes.{names.along}") for names in (made.rows, made.columns)]
        labels["axes"] = room.translate("compare.axes", rows=kinds[0], columns=kinds[1])
    labels["alt"] = _title(room, made).replace("\\", "")
    return labels


def _choose(picture: Picture, tiles: int, place: dict) -> None:
    """A click: the cell, token, layer or head that it is on."""
    row, column = int(place["row"]), int(place["column"])
    if tiles > 1:
        session.change(head=int(place["tile"]), picture="softmax")
    elif picture.rows == picture.columns == "token":
        if row >= 0 and column >= 0:
            session.change(query=row, key=column)
    elif picture.name == "entropy":
        session.change(layer=row, head=column, picture="softmax")
    else:
        token = row if picture.rows == "token" else column if picture.columns == "token" else -1
        if token >= 0:
            session.change(query=token)


def _lacking(room: Room, picture: Picture, lacking: list[str], a: Side, b: Side) -> None:
    """One sentence for what a side does not have."""
    kind = {"router": "experts", "load": "experts"}.get(picture.name, picture.name)
    side = b if lacking == ["b"] else a
    key = f"compare.lacking.{kind}"
    which = "A, B" if len(lacking) == 2 and room.view.versus == "model" else lacking[0].upper()
    sentence = room.translate(key, side=which, model=side.lm.name, layer=side.layer)
    names = {"experts": controls.expert_models, "latent": controls.latent_models}.get(kind, list)()
    controls.without(room, sentence, names if "a" in lacking and side.lm.name not in names else [])


def _take(room: Room, made: Compared) -> None:
    name = room.translate(f"compare.picture.{made.picture.name}")
    tile = room.view.head if len(made.a) > 1 else 0
    parts = {"A": made.a, "B": made.b, "A − B": made.apart}
    matrices = {}
    for part, values in parts.items():
        if values is None or tile >= len(values):
            continue
        rows, columns = (names.b if part == "B" else names.a for names in (made.rows, made.columns))
        share = made.picture.scale == "probability" and part != "A − B"
        matrices[f"{name}, {part}"] = Matrix(values[tile], rows, columns, probability=share)
    take(room, matrices)
