"""What a lesson says about numbers: named quantities with operands, never code.

probability(" time")          a quantity
weight(5, 3) / weight(5, 2)   two of them: + - * /
rank(" dog") > 10             a condition: < > <= >= = !=
The model gave {probability(" time")} to it.   a sentence with their values; "{{" is a brace
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from app.kit.lessons.errors import LessonError

Operand = str | float | int

LONGEST = 200
OPERATORS = ("+", "-", "*", "/")
COMPARISONS = ("<=", ">=", "!=", "<", ">", "=")

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<name>[a-z_]+)
        | (?P<number>-?\d{1,9}(?:\.\d{1,6})?)
        | (?P<text>"[^"]*"|'[^']*')
        | (?P<sign><=|>=|!=|[-+*/<>=(),])
    )""",
    re.VERBOSE,
)


@dataclass(frozen=True)
class Call:
    """A quantity and its operands."""

    name: str
    operands: tuple[Operand, ...] = ()
    named: tuple[tuple[str, Operand], ...] = ()


@dataclass(frozen=True)
class Expression:
    """A quantity or a number, or two of them with an operator between."""

    first: Call | float
    operator: str  # empty where there is no second
    second: Call | float | None
    line: int


@dataclass(frozen=True)
class Condition:
    """Two expressions compared."""

    left: Expression
    comparison: str
    right: Expression
    line: int


@dataclass(frozen=True)
class Sentence:
    """Texts and expressions, one after the other."""

    parts: tuple[str | Expression, ...]
    line: int


class _Tokens:
    """The words of an expression, taken one by one."""

    def __init__(self, text: str, line: int):
        self.text, self.line = text, line
        self.found: list[tuple[str, str]] = []
        at = 0
        while text[at:].strip():
            match = _TOKEN.match(text, at)
            if match is None or len(text) > LONGEST:
                raise self.wrong()
            self.found.append((str(match.lastgroup), match[str(match.lastgroup)]))
            at = match.end()
        self.found.reverse()

    def wrong(self) -> LessonError:
        return LessonError("bad_expression", self.line, text=self.text)

    def next(self) -> tuple[str, str]:
        return self.found[-1] if self.found else ("end", "")

    def take(self) -> tuple[str, str]:
        if not self.found:
            raise self.wrong()
        return self.found.pop()

    def end(self) -> None:
        if self.found:
            raise self.wrong()

    def term(self) -> Call | float:
        kind, text = self.take()
        if kind == "number":
            return float(text)
        if kind != "name":
            raise self.wrong()
        operands: list[Operand] = []
        named: list[tuple[str, Operand]] = []
        if self.next() == ("sign", "("):
            self.take()
            while self.next() != ("sign", ")"):
                if operands or named:
                    self.expect(",")
                if self.next()[0] == "name":
                    key = self.take()[1]
                    self.expect("=")
                    named.append((key, self.operand()))
                elif named:
                    raise self.wrong()
                else:
                    operands.append(self.operand())
            self.take()
        return Call(text, tuple(operands), tuple(named))

    def expect(self, sign: str) -> None:
        if self.take() != ("sign", sign):
            raise self.wrong()

    def operand(self) -> Operand:
        kind, text = self.take()
        if kind == "text":
            return text[1:-1]
        if kind != "number":
            raise self.wrong()
        return float(text) if "." in text else int(text)

    def expression(self) -> Expression:
        first = self.term()
        if self.next()[0] == "sign" and self.next()[1] in OPERATORS:
            return Expression(first, self.take()[1], self.term(), self.line)
        return Expression(first, "", None, self.line)


def expression(text: str, line: int) -> Expression:
    """Read one expression; `line` is where it stands.

    Raises:
        LessonError: "bad_expression".
    """
    tokens = _Tokens(text, line)
    found = tokens.expression()
    tokens.end()
    return found


def condition(text: str, line: int) -> Condition:
    """Read one condition.

    Raises:
        LessonError: "bad_expression".
    """
    tokens = _Tokens(text, line)
    left = tokens.expression()
    kind, sign = tokens.take()
    if kind != "sign" or sign not in COMPARISONS:
        raise tokens.wrong()
    found = Condition(left, sign, tokens.expression(), line)
    tokens.end()
    return found


def sentence(text: str, line: int) -> Sentence:
    """Read a text with expressions in braces.

    Raises:
        LessonError: "bad_expression", and "open_brace" for a brace that is alone.
    """
    parts: list[str | Expression] = []
    for piece in re.split(r"(\{\{|\}\}|\{[^{}]*\}|[{}])", text):
        if piece in ("{", "}"):
            raise LessonError("open_brace", line)
        if piece in ("{{", "}}"):
            parts.append(piece[0])
        elif piece.startswith("{"):
            parts.append(expression(piece[1:-1], line))
        elif piece:
            parts.append(piece)
    return Sentence(tuple(parts), line)
