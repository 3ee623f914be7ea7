"""Draw which room of the package imports which: `python -m tools.architecture` writes docs/assets/architecture.svg.

Rooms, their sentences and their columns are given here; arrows, layers and libraries are read from the source. An
arrow that follows from others is left out, and so are imports for type checkers alone.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Mapping
from graphlib import TopologicalSorter
from html import escape
from pathlib import Path
from typing import Final, Literal

import attrs

__all__ = ["PICTURE", "ROOMS", "Graph", "Room", "draw", "read"]

_ROOT: Final = Path(__file__).resolve().parent.parent
PICTURE: Final = _ROOT / "docs" / "assets" / "architecture.svg"
_PACKAGE: Final = "connectly_api"
_EVERYWHERE: Final = frozenset({"_version", "lazy"})
"""What every room may import, and says nothing about any."""


@attrs.frozen
class Room:
    """Modules that belong together.

    Attributes:
        name: What the picture calls it.
        says: One line.
        modules: Modules and packages directly below connectly_api.
        column: Where it stands.
    """

    name: str
    says: str
    modules: tuple[str, ...]
    column: Literal["left", "right", "both"] = "both"


ROOMS: Final = (
    Room("cli", "the command line", ("cli",), "left"),
    Room("pytest_plugin", "fixtures for your tests", ("pytest_plugin",), "right"),
    Room("sandbox", "the whole service", ("sandbox",), "right"),
    Room("client", "Connectly", ("client",), "left"),
    Room("webhooks", "the way back", ("webhooks",), "right"),
    Room(
        "content, recipients, send_request",
        "what is sent, to whom, within limits: pure",
        (
            "callback_data", "content", "national_numbers", "recipients", "registrations", "results", "send_request",
        ),
    ),
    Room("lowlevel", "generated code", ("lowlevel",), "left"),
    Room("telemetry", "spans and metrics", ("telemetry",), "right"),
    Room("transport", "the HTTP edge", ("transport",), "right"),
    Room("wire", "JSON, out and in", ("wire",), "left"),
    Room(
        "errors",
        "the error tree, and rules that all others share",
        (
            "error_codes", "error_response", "errors", "json_values", "keywords", "number_checks",
            "number_text", "setting_rules", "tracebacks", "web_address",
        ),
    ),
)  # fmt: skip


@attrs.frozen
class Graph:
    """What the source says of the rooms.

    Attributes:
        imports: By room: the rooms that it imports.
        libraries: By room: the packages of others that no other room imports, sorted.
    """

    imports: Mapping[str, frozenset[str]]
    libraries: Mapping[str, tuple[str, ...]]


def read(source: Path) -> Graph:
    """Read a package's imports.

    Args:
        source: The package's folder.

    Raises:
        LookupError: A module belongs to no room.
    """
    imports: dict[str, set[str]] = {room.name: set() for room in ROOMS}
    libraries: dict[str, set[str]] = {room.name: set() for room in ROOMS}
    for path in sorted(source.rglob("*.py")):
        module = path.relative_to(source.parent).with_suffix("").parts
        if len(module) == 2 and module[1] in {"__init__", *_EVERYWHERE}:  # noqa: PLR2004 (the package and the module)
            continue
        room = _room_of(module[1])
        for name in _imported(path, module):
            if name[0] != _PACKAGE:
                libraries[room] |= {name[0]} - sys.stdlib_module_names
            elif len(name) > 1 and name[1] not in _EVERYWHERE and _is_module(source, name[1]):
                imports[room] |= {_room_of(name[1])} - {room}
    return Graph(
        {name: frozenset(found) for name, found in imports.items()},
        {name: tuple(sorted(_alone(name, libraries))) for name in libraries},
    )


def _alone(room: str, libraries: Mapping[str, set[str]]) -> set[str]:
    return libraries[room].difference(*(found for other, found in libraries.items() if other != room))


def _room_of(module: str) -> str:
    for room in ROOMS:
        if module in room.modules:
            return room.name
    raise LookupError(f"{module}: is in no room; give it one in tools/architecture.py")


def _is_module(source: Path, name: str) -> bool:
    """Say whether a name of the package is a module of it; the others are its public names."""
    return (source / name).is_dir() or (source / f"{name}.py").is_file()


def _imported(path: Path, module: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    for node in _at_run_time(ast.parse(path.read_text(encoding="utf-8")).body):
        if isinstance(node, ast.Import):
            yield from (tuple(alias.name.split(".")) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = module[: len(module) - node.level] if node.level else ()
            base = (*above, *(node.module.split(".") if node.module else ()))
            yield from ((*base, alias.name) for alias in node.names)


def _at_run_time(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield every statement, within functions too, but those that type checkers alone read."""
    for node in body:
        yield node
        is_for_checkers = isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")
        for field in ("body", "orelse", "handlers", "finalbody")[is_for_checkers:]:
            yield from _at_run_time(getattr(node, field, []))


def _arrows(graph: Graph) -> Iterator[tuple[str, str]]:
    """Yield the imports that do not follow from others."""
    reached: dict[str, set[str]] = {}
    for name in TopologicalSorter(graph.imports).static_order():
        reached[name] = set().union(*({below} | reached[below] for below in graph.imports[name]))
    for name, below in graph.imports.items():
        indirect = {far for other in below for far in reached[other]}
        yield from ((name, other) for other in sorted(below - indirect))


def _layers(graph: Graph) -> dict[str, int]:
    """Return how far each room is above the lowest."""
    found: dict[str, int] = {}
    for name in TopologicalSorter(graph.imports).static_order():
        found[name] = 1 + max((found[below] for below in graph.imports[name]), default=-1)
    return found


_WIDTH, _MARGIN, _GAP = 480, 8, 16
_BOX, _STEP, _CORNER = 66, 98, 8
_STYLE: Final = """\
  <style>
    .arch { --arch-text: #1f2328; --arch-line: #57606a; --arch-box: #f6f8fa; font: 15px system-ui, sans-serif }
    @media (prefers-color-scheme: dark) {
      .arch { --arch-text: #e6edf3; --arch-line: #9da7b1; --arch-box: #161b22 }
    }
    .arch text { fill: var(--md-typeset-color, var(--arch-text)); text-anchor: middle }
    .arch .name { font-weight: 600 }
    .arch .libraries { font-size: 13px; font-style: italic }
    .arch rect, .arch path { stroke: var(--md-default-fg-color--light, var(--arch-line)); stroke-width: 1.5 }
    .arch rect { fill: var(--md-code-bg-color, var(--arch-box)) }
    .arch path { fill: none }
    .arch marker path { fill: var(--md-default-fg-color--light, var(--arch-line)); stroke: none }
  </style>"""
_HEAD: Final = (
    '  <marker id="arch-head" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" orient="auto">'
    '<path d="M0 0 8 4 0 8z"/></marker>'
)


def draw(graph: Graph) -> str:
    """Return the picture, as SVG that follows the page's colours, or by itself those of the system."""
    layers = _layers(graph)
    top = max(layers.values())
    height = top * _STEP + _BOX + 2 * _MARGIN
    tops = {room.name: _MARGIN + (top - layers[room.name]) * _STEP for room in ROOMS}
    label = "; ".join(f"{name} imports {other}" for name, other in _arrows(graph))
    opening = (
        f'<svg class="arch" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img"'
        f' aria-label="{escape(label)}">'
    )
    arrows = [_arrow(_room(name), _room(other), tops) for name, other in _arrows(graph)]
    boxes = [_box(room, tops[room.name], graph.libraries[room.name]) for room in ROOMS]
    lines = [opening, _STYLE, _HEAD, *arrows, *boxes, "</svg>"]
    return "\n".join(lines) + "\n"


def _room(name: str) -> Room:
    return next(room for room in ROOMS if room.name == name)


def _span(room: Room) -> tuple[int, int]:
    """Return a box's left edge and its width."""
    half = (_WIDTH - 2 * _MARGIN - _GAP) // 2
    if room.column == "both":
        return _MARGIN, _WIDTH - 2 * _MARGIN
    return (_MARGIN if room.column == "left" else _MARGIN + half + _GAP), half


def _end(room: Room, other: Room) -> int:
    """Return where an arrow between two boxes leaves, or reaches, the first."""
    left, width = _span(other if room.column == "both" else room)
    if "both" in {room.column, other.column} or room.column == other.column:
        return left + width // 2
    # From column to column arrows keep to the gap between them, where no box is in the way.
    return left + (_CORNER if room.column == "right" else width - _CORNER)


def _arrow(room: Room, other: Room, tops: Mapping[str, int]) -> str:
    start, end = tops[room.name] + _BOX, tops[other.name] - 1
    way = f"M{_end(room, other)} {start} {_end(other, room)} {end}"
    return f'  <path d="{way}" marker-end="url(#arch-head)"/>'


def _box(room: Room, y: int, libraries: tuple[str, ...]) -> str:
    left, width = _span(room)
    middle = left + width // 2
    texts = [("name", room.name), ("says", room.says), ("libraries", ", ".join(libraries))]
    shown = [(kind, text) for kind, text in texts if text]
    first = y + _BOX // 2 + 5 - 10 * (len(shown) - 1)
    return "\n".join(
        [
            f'  <rect x="{left}" y="{y}" width="{width}" height="{_BOX}" rx="4"/>',
            *(
                f'  <text class="{kind}" x="{middle}" y="{first + 20 * place}">{escape(text)}</text>'
                for place, (kind, text) in enumerate(shown)
            ),
        ]
    )


def main() -> None:
    """Write the picture."""
    PICTURE.write_text(draw(read(_ROOT / _PACKAGE)), encoding="utf-8")


if __name__ == "__main__":
    main()
