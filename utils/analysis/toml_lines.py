"""Where the keys and array items of a TOML file stand: `tomllib` tells the values, this tells the lines."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

_TOKEN = re.compile(
    r'"""(?:\\.|[^\\])*?"{3,5}|\'\'\'.*?\'{3,5}'  # multi-line strings
    r'|"(?:\\.|[^"\\\n])*"|\'[^\'\n]*\''  # strings on one line
    r"|\#[^\n]*|\n|[\[\]{},=.]|[^\s\[\]{},=.\#\"']+",  # comments, line ends, punctuation, bare words
    re.DOTALL,
)


@dataclass
class Place:
    """1-based lines of a `key = value` or of a table's header; `items` has the line of each element of an array."""

    line: int
    end_line: int
    items: list[int] = field(default_factory=list)


@dataclass
class _Token:
    text: str
    line: int
    end_line: int


def locate(text: str) -> dict[tuple[str, ...], Place]:
    """{dotted key as a tuple: its place} of a valid TOML text.

    Tables in an array are told apart by their number, as in ("package", "0", "name"). A table without a header of its
    own (`a` of `a.b = 1`) is where its first key is. Keys inside inline tables are left out.
    """
    places: dict[tuple[str, ...], Place] = {}
    table: tuple[str, ...] = ()
    counts: dict[tuple[str, ...], int] = {}
    for statement in _statements(text):
        if statement[0].text == "[":
            in_array = len(statement) > 1 and statement[1].text == "["
            table = _numbered(_key(statement), counts)
            header = Place(statement[0].line, statement[-1].end_line)
            if in_array:
                number = counts[table] = counts.get(table, -1) + 1
                places.setdefault(table, header).items.append(header.line)
                table = (*table, str(number))
            places[table] = Place(header.line, header.end_line)
            continue
        equals = next((index for index, token in enumerate(statement) if token.text == "="), None)
        if equals is not None:
            value = statement[equals + 1 :]
            place = Place(statement[0].line, statement[-1].end_line, list(_item_lines(value)))
            key = table + _key(statement[:equals])
            places[key] = place
            for length in range(len(table) + 1, len(key)):
                places.setdefault(key[:length], Place(place.line, place.end_line))
    return places


def _statements(text: str) -> Iterator[list[_Token]]:
    """Runs of tokens up to a line end outside all brackets, comments and line ends left out."""
    line, depth = 1, 0
    statement: list[_Token] = []
    for found in _TOKEN.finditer(text):
        token = _Token(found.group(), line, line + found.group().count("\n"))
        line = token.end_line
        if token.text == "\n":
            if depth == 0 and statement:
                yield statement
                statement = []
            continue
        if token.text.startswith("#"):
            continue
        depth += (token.text in ("[", "{")) - (token.text in ("]", "}"))
        statement.append(token)
    if statement:
        yield statement


def _key(tokens: list[_Token]) -> tuple[str, ...]:
    return tuple(token.text.strip("\"'") for token in tokens if token.text not in ("[", "]", "."))


def _numbered(table: tuple[str, ...], counts: dict[tuple[str, ...], int]) -> tuple[str, ...]:
    """`table` with the number of the element after the name of each array of tables it lies in."""
    for length in range(len(table) - 1, 0, -1):
        if table[:length] in counts:
            return (*table[:length], str(counts[table[:length]]), *table[length:])
    return table


def _item_lines(value: list[_Token]) -> Iterator[int]:
    """The first line of each element of an array."""
    if not value or value[0].text != "[":
        return
    depth, expecting = 0, False
    for token in value:
        if token.text in ("]", "}"):
            depth -= 1
        elif depth == 1 and expecting and token.text != ",":
            yield token.line
            expecting = False
        if token.text in ("[", "{"):
            depth += 1
            expecting = expecting or depth == 1
        elif token.text == "," and depth == 1:
            expecting = True
