"""Guess the next token: points are bits of surprise, the class's beside the model's, and then why."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st

from app.kit import frame, head_jobs, pickers, runtime, session
from app.kit.address import View
from app.kit.chart import chart
from app.kit.frame import Room
from app.kit.numbers import percent
from app.kit.source import source
from app.kit.take import Matrix, take
from app.rooms.guess import analysis, figures, game
from app.rooms.guess.analysis import Candidate, Turn, Words
from app.rooms.guess.cloze import Said, cloze
from app.rooms.guess.game import Game
from app.rooms.guess.looks import looks
from app.rooms.guess.shown import Row, shown
from app.rooms.guess.texts import TEXTS
from app.text import translate
from model import LanguageModel, distribution

SHOWN = 6  # words of the model, beside those that the class named
BEFORE = 260  # characters of the text in front of the gap
OWN = "own"  # in the list of texts: the prompt
ANSWERED = "_guess_answered"  # session: how often the gap has asked for something


def show() -> None:
    """Draw the page."""
    room = frame.enter(
        pickers.clearest_head, text=frame.Text(_choose_text, lambda view, lm: list(game.read(view, lm).shown))
    )
    played = game.read(room.view, room.lm)
    vocabulary = runtime.of_model(_words, room.lm)
    turns = _turns(room, played, vocabulary)
    chosen = next((turn for turn in turns if turn.position == room.position), turns[-1] if turns else None)
    _heading(room, played, turns)
    gap, reveal = st.columns([1, 1], gap="large")
    with gap:
        _cloze(room, played)
        if turns:
            _score(room, turns)
    with reveal:
        if chosen is None:
            st.markdown(room.translate("guess.rules", count=f"{room.lm.config.vocab_size:,}"))
        else:
            _reveal(room, chosen, vocabulary)
    if chosen is not None:
        _why(room, chosen, vocabulary)
        _take(room, turns)
    source(room, analysis.shares, analysis.spread, analysis.turn)


def _words(lm: LanguageModel) -> Words:
    return analysis.words([lm.tokenizer.piece(token) for token in range(lm.config.vocab_size)])


def _take(room: Room, turns: list[Turn]) -> None:
    columns = [room.translate(f"guess.take.{name}") for name in ("ours", "theirs")]
    points = np.array([[turn.our_bits, turn.their_bits] for turn in turns])
    rows = [room.lm.tokenizer.shown(turn.token) for turn in turns]
    take(room, {room.translate("guess.take.points"): Matrix(points, rows, columns)})


# Which text


def _choose_text(view: View) -> None:
    names = [*TEXTS, *([] if view.riddle in TEXTS else [view.riddle]), OWN]

    def named(name: str) -> str:
        return translate(view.lang, f"guess.text.{name if name in (*TEXTS, OWN) else 'packed'}")

    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="prompt"):
        st.selectbox(
            translate(view.lang, "guess.text"),
            names,
            key="riddle",
            format_func=named,
            label_visibility="collapsed",
            on_change=_text_chosen,
            width=420,
        )
        st.button(
            translate(view.lang, "guess.again"),
            key="again",
            icon=":material/restart_alt:",
            on_click=session.change,
            kwargs={"guesses": "", "query": None},
        )


def _text_chosen() -> None:
    """Begin the chosen text; the prompt, once it is guessed itself, shows no more than the beginning."""
    if st.session_state["riddle"] != OWN:
        session.change(riddle=st.session_state["riddle"], guesses="", query=None)
        return
    view = st.session_state["_view"]
    lm = runtime.language_model(view.model, view.weights)
    packed, beginning = game.own(lm, runtime.read_prompt(lm, view.source))
    session.change_prompt(beginning)
    session.change(riddle=packed, guesses="")


# What is said, and what it cost


def _given(
    room: Room, played: Game, candidates: Sequence[Candidate], position: int, vocabulary: Words
) -> dict[int, float]:
    """Word -> share; two candidates that count as one word have one share together."""
    given: dict[int, float] = {}
    parts = analysis.shares([candidate.share for candidate in candidates])
    for candidate, part in zip(candidates, parts, strict=True):
        token = analysis.read(room.lm.tokenizer, played.ids[:position], candidate.text).token
        word = int(vocabulary.of[token])
        given[word] = given.get(word, 0.0) + part
    return given


def _turns(room: Room, played: Game, vocabulary: Words) -> list[Turn]:
    return [
        analysis.turn(
            vocabulary,
            distribution(room.trace.logits[position - 1]),
            position,
            played.ids[position],
            _given(room, played, candidates, position, vocabulary),
        )
        for position, candidates in zip(played.asked, played.said, strict=False)
    ]


def _heading(room: Room, played: Game, turns: list[Turn]) -> None:
    values: dict[str, object] = {"number": len(turns) + 1, "count": len(played.asked)}
    if played.other:
        st.info(room.translate("guess.other"), icon=":material/info:")
    if not turns:
        st.markdown(f"#### {room.translate('guess.heading', **values)}")
        return
    values |= {
        "ours": f"{sum(turn.our_bits for turn in turns):.1f}",
        "theirs": f"{sum(turn.their_bits for turn in turns):.1f}",
        "right": sum(turn.right for turn in turns),
        "foreseen": sum(turn.foreseen for turn in turns),
        "done": len(turns),
    }
    st.markdown(f"#### {room.translate('guess.over' if played.over else 'guess.score', **values)}")


def _cloze(room: Room, played: Game) -> None:
    labels = room.templates("guess.cloze.")
    tokenizer = room.lm.tokenizer
    text = tokenizer.decode(played.shown)
    parts = analysis.shares([candidate.share for candidate in played.now])
    said = [_said(room, played, candidate, part) for candidate, part in zip(played.now, parts, strict=True)]
    rest = Said(labels["rest"], "", 1 - sum(parts), percent(1 - sum(parts)))

    def answer(said: Sequence[Sequence[Candidate]], now: Sequence[Candidate]) -> None:
        st.session_state[ANSWERED] = st.session_state.get(ANSWERED, 0) + 1
        session.change(**played.words(said, now), query=None)

    def say(text: str) -> None:
        candidate = analysis.typed(text)
        others = [other for other in played.now if other.text != candidate.text]
        answer(played.said, [*others, candidate])

    def drop(index: int) -> None:
        answer(played.said, [*played.now[:index], *played.now[index + 1 :]])

    def reveal() -> None:
        if not played.over:
            answer([*played.said, played.now], [])

    cloze(
        text if len(text) <= BEFORE else "…" + text[-BEFORE:],
        said,
        rest,
        labels,
        colours=_colours(room),
        answered=st.session_state.get(ANSWERED, 0),
        over=played.over,
        on_say=say,
        on_drop=drop,
        on_reveal=reveal,
    )


def _said(room: Room, played: Game, candidate: Candidate, part: float) -> Said:
    reading = analysis.read(room.lm.tokenizer, played.shown, candidate.text)
    token = room.lm.tokenizer.shown(reading.token)
    note = "" if reading.whole else room.translate("guess.part", token=token, typed=candidate.text)
    return Said(token, note, part, percent(part))


# After a token is shown


def _reveal(room: Room, turn: Turn, vocabulary: Words) -> None:
    names = runtime.vocabulary(room.lm.fingerprint, room.lm)
    probabilities = distribution(room.trace.logits[turn.position - 1])
    by_word = vocabulary.gathered(probabilities)
    ours = analysis.spread(turn.given, vocabulary.sizes)
    real = int(vocabulary.of[turn.token])
    order = np.argsort(-by_word, kind="stable")
    listed = list(dict.fromkeys([*order[:SHOWN].tolist(), *turn.given, real]))
    listed.sort(key=lambda word: -by_word[word])
    # A word is shown as the token of it that is most probable here; the one that came as itself.
    token_of = {word: int(np.where(vocabulary.of == word, probabilities, -1).argmax()) for word in listed}
    token_of[real] = turn.token
    rows = [
        Row(
            token=names[token_of[word]],
            rank=f"{int((by_word > by_word[word]).sum()) + 1:,}",
            model=float(by_word[word]),
            model_text=percent(by_word[word]),
            ours=float(ours[word]),
            ours_text=percent(ours[word]) if word in turn.given or word == real else "",
            real=word == real,
        )
        for word in listed
    ]
    sentence = room.translate(
        "guess.came",
        token=room.quoted(names[turn.token]),
        ours=percent(turn.ours),
        our_bits=f"{turn.our_bits:.2f}",
        theirs=percent(turn.theirs),
        their_bits=f"{turn.their_bits:.2f}",
    )
    st.markdown(f"{sentence} {room.translate('guess.points')}")
    shown(rows, room.templates("guess.shown."), colours=_colours(room))


def _score(room: Room, turns: list[Turn]) -> None:
    ours, theirs = (np.array([getattr(turn, kind) for turn in turns]) for kind in ("our_bits", "their_bits"))
    values = {"ours": f"{ours.sum():.1f}", "theirs": f"{theirs.sum():.1f}", "count": len(turns)}
    st.markdown(f"**{room.translate('guess.sum')}** {room.translate('guess.sum.look')}")
    made = figures.score(
        [room.lm.tokenizer.shown(turn.token) for turn in turns], ours, theirs, room.templates("guess.sum."), room.look
    )
    chart(made, key="score", alt=room.translate("guess.sum.alt", **values))


def _why(room: Room, turn: Turn, vocabulary: Words) -> None:
    translate, position = room.translate, turn.position - 1
    names = runtime.vocabulary(room.lm.fingerprint, room.lm)
    token, here = room.quoted(names[turn.token]), room.quoted(room.trace.tokens[position])
    st.markdown(f"#### {translate('guess.why', token=token)}")
    lens, attention = st.columns([1, 1], gap="large")
    with lens:
        found = analysis.way(room.trace, position, vocabulary, turn.token)
        first = int((found.ranks == 1).argmax()) if (found.ranks == 1).any() else None
        end = f"{int(found.ranks[-1]):,}"
        key = "guess.lens.never" if first is None else "guess.lens.input" if first == 0 else "guess.lens"
        sentence = translate(
            key, token=token, here=here, begin=f"{int(found.ranks[0]):,}", end=end, layer=(first or 1) - 1
        )
        st.markdown(sentence)
        hovers = [
            translate("guess.lens.hover", best=names[best], percent=percent(p), rank=f"{int(rank):,}")
            for best, p, rank in zip(found.best, found.probabilities.tolist(), found.ranks, strict=True)
        ]
        labels = {"axis": translate("guess.lens.axis"), "input": translate("guess.input")}
        labels["layer"] = translate("common.layer")
        made = figures.way(found.ranks, [names[best] for best in found.best], hovers, labels, room.look)
        chart(made, key="lens_way", alt=sentence)
        _open(room, "guess.open.lens", "output", position, output_part="lens")
    with attention:
        layer, head = room.view.layer, room.view.head
        weights = room.trace.pattern(layer)[head, position, : position + 1]
        most = int(weights.argmax())
        job = runtime.derived(head_jobs.overview, room.trace).job(layer, head)
        does = "" if job is None else translate("guess.head.does", does=translate(f"common.does.{job}"))
        values = {"layer": layer, "head": head, "does": does, "percent": percent(float(weights[most]))}
        st.markdown(translate("guess.head", here=here, most=room.quoted(room.trace.tokens[most]), **values))
        plain = translate("guess.head", here=room.trace.tokens[position], most=room.trace.tokens[most], **values)
        cells = [
            {"token": room.trace.tokens[i], "weight": float(weight), "shown": percent(float(weight))}
            for i, weight in enumerate(weights)
        ]
        looks(cells, plain, scale=room.look.probability)
        _open(room, "guess.open.attention", "attention", position, layer=layer, head=head)


def _open(room: Room, label: str, address: str, position: int, **words: object) -> None:
    """A button to another room, whose prompt is then the text as far as it is shown, at this position."""

    def leave() -> None:
        spelled = frame.spelled(room.lm, list(room.trace.ids))
        if (room.view.prompt, room.view.ids) != (spelled["prompt"], spelled["ids"]):
            session.change_prompt(**spelled)
        session.go(address, query=position, **words)

    st.button(room.translate(label), key=f"open_{address}", icon=":material/arrow_forward:", on_click=leave)


def _colours(room: Room) -> dict[str, str]:
    names = ("paper", "ink", "faint", "grid", "query", "own", "accent", "residual")
    return {name: getattr(room.look, name) for name in names}
