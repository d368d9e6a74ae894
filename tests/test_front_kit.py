"""The front-end kit's JavaScript, in the Chromium that the browser tests have, against Python's own answers."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page

from app.kit import numbers, theme
from app.kit.component import FRONT, front_script, pack

APP = FRONT.parent.parent
KIT = sorted(FRONT.glob("*.js"))
SCRIPTS = sorted(file for file in APP.rglob("*.js") if file.parent != FRONT)


def declarations() -> Iterator[object]:
    """Every call of `declare` in the app, with its file."""
    for file in sorted(APP.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "declare":
                yield pytest.param((file, node), id=f"{file.parent.name}/{node.args[1].value}")


COMPONENTS = list(declarations())


@pytest.fixture(scope="module")
def kit(chromium: Browser) -> Iterator[Page]:
    """An empty page that knows the kit."""
    page = chromium.new_page()
    page.add_script_tag(content=front_script(("dom", "arrays", "colour", "events", "numbers", "token_rows")))
    yield page
    page.close()


def channels(colour: str) -> list[int]:
    """Red, green and blue of "#rrggbb"."""
    return list(bytes.fromhex(colour[1:]))


@pytest.mark.parametrize("scale", [theme.LIGHT.probability, theme.DARK.signed], ids=["probability", "signed"])
@pytest.mark.parametrize("share", [0.0, 0.1, 0.25, 0.4999, 0.5, 0.83, 1.0])
def test_a_number_has_the_colour_that_files_give_it(kit, scale, share):
    """Guards against ends that are swapped or left out, and against a stop that divides by zero."""
    expected = channels(theme.colours_at(scale, [share])[0])
    assert kit.evaluate("([scale, share]) => colourAt(scale, share)", [scale, share]) == pytest.approx(expected, abs=1)
    table = kit.evaluate("([scale, share]) => colourIn(colourTable(scale), share)", [scale, share])
    assert table == pytest.approx(expected, abs=2)


@pytest.mark.parametrize(("share", "end"), [(-0.2, 0), (1.7, -1)])
def test_a_number_beyond_the_scale_has_the_colour_of_its_end(kit, share, end):
    scale = theme.LIGHT.probability
    expected = channels(scale[end][1])
    assert kit.evaluate("([scale, share]) => colourAt(scale, share)", [scale, share]) == expected
    assert kit.evaluate("([scale, share]) => colourIn(colourTable(scale, 2), share)", [scale, share]) == expected


@pytest.mark.parametrize(
    ("first", "second"),
    [("#000000", "#FFFFFF"), ("#767676", "#FFFFFF"), ("#0A0A0B", "#8250C4"), ("#D55E00", "#D55E00")],
)
def test_contrast_is_that_of_the_theme(kit, first, second):
    a, b = (np.array(channels(colour)) / 255 for colour in (first, second))
    assert kit.evaluate("([a, b]) => contrast(rgb(a), rgb(b))", [first, second]) == pytest.approx(theme.contrast(a, b))


def test_ink_can_be_read_on_every_colour_of_every_scale(kit):
    """A threshold on brightness alone leaves numbers on orange and purple hard to read."""
    for look in theme.LOOKS.values():
        for scale in (look.probability, look.signed):
            expected = theme.ink_on(scale, np.linspace(0, 1, 33).tolist())
            assert kit.evaluate("scale => colourTable(scale, 33).map(inkOn)", scale) == expected


@pytest.mark.parametrize("length", [0, 1, 2, 3, 5, 7, 1000])
@pytest.mark.parametrize(("reader", "dtype"), [("float32", "<f4"), ("uint16", "<u2"), ("uint8", "u1")])
@pytest.mark.parametrize("offset", [0, 1, 3])
def test_arrays_arrive_as_they_were_packed(kit, length, reader, dtype, offset):
    """Lengths that base64 has to pad, and numbers that lie at odd addresses in memory."""
    values = np.arange(3, 3 + length).astype(dtype)
    shifted = np.frombuffer(b"x" * offset + values.tobytes(), dtype, offset=offset)
    assert kit.evaluate(f"text => [...{reader}(text)]", pack(shifted)) == values.tolist()


def test_every_second_number_and_big_endian_ones_arrive_too(kit):
    values = np.linspace(-2, 2, 15, dtype="f4").reshape(3, 5)
    assert kit.evaluate("text => [...float32(text)]", pack(values[:, ::2])) == values[:, ::2].ravel().tolist()
    assert kit.evaluate("text => [...float32(text)]", pack(values.astype(">f4"))) == values.ravel().tolist()


@pytest.mark.parametrize("count", [1, 7, 8, 9, 25])
def test_bits_arrive_in_order(kit, count):
    allowed = np.arange(count) % 3 == 0
    packed = pack(np.packbits(allowed))
    assert kit.evaluate("([text, count]) => [...bits(text, count)]", [packed, count]) == allowed.astype(int).tolist()


@pytest.mark.parametrize(
    ("sentence", "values", "expected"),
    [
        ("{token} at {place}", {"token": "<b>", "place": 0}, "<b> at 0"),
        ("{token} {token}", {"token": "{place}", "place": 1}, "{place} {place}"),
        ("{token}", {"token": "$& $1 $$"}, "$& $1 $$"),
        ("{other} {", {"token": "x"}, "{other} {"),
    ],
)
def test_placeholders_are_filled_once_and_to_the_letter(kit, sentence, values, expected):
    """A token may look like a placeholder, or like a pattern of String.replace."""
    assert kit.evaluate("([sentence, values]) => fillIn(sentence, values)", [sentence, values]) == expected


def test_a_percentage_reads_as_in_python(kit):
    """Halves too: JavaScript rounds 6.25 up, Python to the even digit."""
    some = [0, 1, 0.0625, 0.1875, 0.00125, 0.00375, 0.00625, 0.5, 0.0995, 0.00995, 0.009949, 0.99949, 0.9995, 0.99999]
    some += [10.0**-power * digit for power in range(1, 40) for digit in (1, 1.25, 4.96, 9.96)]
    some += [*np.random.default_rng(0).random(500).tolist(), 5e-324, float(np.float32(0.3))]
    assert kit.evaluate("values => values.map(percent)", some) == [numbers.percent(value) for value in some]


@pytest.mark.parametrize(("value", "expected"), [(0.1, "0.1"), (-1.5, "−1.5"), (0, "0"), (-1.2e-9, "−1.2e−9")])
def test_exact_numbers_have_a_real_minus_and_no_digits_that_a_float32_does_not_know(kit, value, expected):
    assert kit.evaluate("value => exact(Math.fround(value))", value) == expected


@pytest.mark.parametrize(("value", "expected"), [(0.126, "+0.13"), (-2, "−2.00"), (0, "+0.00")])
def test_signed_numbers_show_their_sign(kit, value, expected):
    assert kit.evaluate("value => signed(value, 2)", value) == expected


def test_a_long_token_is_cut_between_characters(kit):
    """Half of an emoji is a character that no font has."""
    cut = """([text, width]) => {
        const context = element("canvas").getContext("2d");
        context.font = "16px sans-serif";
        const shown = cutText(context, text, width);
        return [shown, context.measureText(shown).width];
    }"""
    assert kit.evaluate(cut, ["short", 200])[0] == "short"
    shown, width = kit.evaluate(cut, ["🐝" * 40, 100])
    assert width <= 100 and re.fullmatch("🐝+…", shown)


def test_pieces_hear_each_other_until_they_stop(kit):
    """Guards against listeners that pile up with every run of the page."""
    heard = kit.evaluate("""() => {
        const heard = [];
        const stops = [onToken((at, from) => heard.push([at, from])), onMarks((marks) => heard.push(marks))];
        stops.push(onVocabulary((id) => heard.push(id)), onMapReady(() => heard.push("ready")));
        const tell = () => {
            tellToken(3, "map");
            tellToken(null);
            tellMarks([[1, "near"]]);
            tellVocabulary(7);
            tellMapReady();
        };
        tell();
        stops.forEach((stop) => stop());
        tell();
        return heard;
    }""")
    assert heard == [[3, "map"], [None, None], [[1, "near"]], 7, "ready"]


def test_the_keyboards_focus_outlives_new_buttons(kit):
    texts = kit.evaluate("""() => {
        const root = element("div");
        document.body.append(root);
        const buttons = (...words) => words.map((word) => element("button", "row", word));
        replaceKeepingFocus(root, "row", ...buttons("a", "b"));
        const before = document.activeElement.tagName;
        root.children[1].focus();
        replaceKeepingFocus(root, "row", element("p"), ...buttons("c", "d"));
        return [before, document.activeElement.textContent];
    }""")
    assert texts == ["BODY", "d"]


def without_comments(script: Path) -> str:
    return re.sub(r"^\s*//.*$|\s// .*$", "", script.read_text(encoding="utf-8"), flags=re.MULTILINE)


def names_of(script: Path) -> set[str]:
    """What `script` defines for the scripts after it."""
    return set(re.findall(r"^(?:const|function|class) (\w+)", script.read_text(encoding="utf-8"), re.MULTILINE))


@pytest.mark.parametrize("script", KIT + SCRIPTS, ids=lambda file: str(file.relative_to(APP)))
def test_each_thing_is_written_once(script):
    """Seven `element`, five ramps, six base64 readers and event names in eight files: what the kit replaced."""
    code = script.read_text(encoding="utf-8")
    others = set.union(*(names_of(other) for other in KIT if other != script))
    assert names_of(script) & others == set()
    assert script.name == "events.js" or not re.search(r"glassformer-|CustomEvent", code)
    if script.parent != FRONT:
        assert "atob(" not in code and "createElement(" not in code and "parseInt(" not in code


@pytest.mark.parametrize("script", KIT, ids=lambda file: file.name)
def test_each_script_of_the_kit_announces_its_names(script):
    head = re.match(r"(//.*\n)+", script.read_text(encoding="utf-8")).group()
    names = names_of(script)
    assert names and {name for name in names if not re.search(rf"\b{name}\b", head)} == set()


def used_by(code: str) -> set[str]:
    """The kit's scripts of which `code` uses a name: as a value, not as a text, a field or a field's name."""
    used = r"(?<![.\w\"'-]){}\b(?![\"':-])"
    return {script.stem for script in KIT if any(re.search(used.format(name), code) for name in names_of(script))}


@pytest.mark.parametrize("component", COMPONENTS)
def test_a_component_declares_what_it_uses_of_the_kit_and_nothing_else(component):
    """Guards against a name that no joined script defines, which only a mouse would find, and against dead weight."""
    file, call = component
    words = {node.arg: ast.literal_eval(node.value) for node in call.keywords if node.arg in ("front", "scripts")}
    front = words.get("front", ())
    own = [file.parent / script for script in words.get("scripts", (f"{call.args[1].value}.js",))]
    code = "\n".join(without_comments(script) for script in own)
    joined = "\n".join([code, *(without_comments(FRONT / f"{name}.js") for name in front)])
    assert used_by(code) - set(front) == set(), "used, but not declared"
    assert used_by(joined) - set(front) == set(), "used by the kit's own scripts, but not declared"
    assert set(front) - used_by(code) == set(), "declared, but not used"
