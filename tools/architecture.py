"""Draw which room of the code imports which: `python -m tools.architecture` writes the pictures in docs/assets.

A room is a folder, or a module next to the folders. Its description is written here; the rest is read from the source:
its imports, its floor, and the libraries that no other room uses. Arrows that follow from others, imports for type
checkers, and modules that every room may import are left out. Run it again after you move modules.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from html import escape
from itertools import pairwise
from pathlib import Path
from textwrap import wrap
from typing import Final

import attrs

from tools.import_graph import RUN_TIME, Graph, Package, find_floors, group_cycles, read_package

_ROOT: Final = Path(__file__).resolve().parent.parent
_PACKAGE: Final = "connectly_api"
_EVERYWHERE: Final = frozenset({"", "_version", "lazy"})


@attrs.frozen
class Room:
    """Modules that belong together.

    Attributes:
        name: The folder, or the module that gives the room its name.
        sentence: Its purpose, in a few words.
        modules: Modules next to the folders that also belong to it.
    """

    name: str
    sentence: str
    modules: tuple[str, ...] = ()


@attrs.frozen
class Picture:
    """One drawing.

    Attributes:
        path: The file.
        folder: The folder in the package; empty for the package itself.
        rooms: Its rooms. The last one also gets all other modules.
    """

    path: Path
    folder: str
    rooms: tuple[Room, ...]


PICTURES: Final = (
    Picture(
        _ROOT / "docs" / "assets" / "architecture.svg",
        "",
        (
            Room("cli", "the command line"),
            Room("pytest_plugin", "fixtures for your tests"),
            Room("sync", "the same for synchronous code, mostly generated"),
            Room("sandbox", "the service on your machine"),
            Room("campaigns", "one template to many customers, at most once"),
            Room("client", "Connectly", ("replies", "window_advice")),
            Room("conversations", "windows and contacts, from events"),
            Room("webhooks", "signatures, events, stores"),
            Room(
                "send_request",
                "from values to one request: pure",
                ("callback_data", "registration_match", "registrations", "reply_options", "results"),
            ),
            Room("content", "what can be sent, within limits: pure"),
            Room("recipients", "phone numbers and BSUIDs: pure", ("national_numbers", "number_text")),
            Room("lowlevel", "generated from the Swagger file"),
            Room("telemetry", "spans and metrics"),
            Room("drift", "what the service sends beyond its documentation"),
            Room("transport", "HTTP: retries, rate limits, adapters"),
            Room("wire", "JSON, written and read: pure"),
            Room("errors", "the error tree, and rules that all others share"),
        ),
    ),
    Picture(
        _ROOT / "docs" / "assets" / "sandbox.svg",
        "sandbox",
        (
            Room("web", "the API, the control interface, the server"),
            Room("expectation", "what a test expects, and why it is not so: pure", ("sent_report", "value_difference")),
            Room("engine", "applies changes, moves the clock, does I/O", ("background_task",)),
            Room("service", "request and state to response and changes: pure"),
            Room("verbs", "what customers and tests do: verb and state to changes: pure"),
            Room("delivery", "webhooks: bodies, attempts, signatures"),
            Room("model", "settings, state, changes: pure"),
            Room("spec", "does a request fit the Swagger file? pure"),
            Room("recording", "runs as files: pure"),
            Room("sandbox", "the public face, and the command line"),
        ),
    ),
)


@attrs.frozen
class Rooms:
    """The rooms of a picture, as read from the source.

    Attributes:
        imports: By room: the rooms that it imports.
        libraries: By room: the libraries that no other room of the picture imports, sorted.
    """

    imports: Graph
    libraries: Mapping[str, tuple[str, ...]]


def read_rooms(picture: Picture, package: Package) -> Rooms:
    """Sort the modules of a package into rooms.

    Args:
        picture: The rooms.
        package: The package.

    Raises:
        LookupError: A folder has no room, a room has no module, or rooms import each other.
    """
    homes = _find_homes(picture, package)
    imports: dict[str, set[str]] = {room.name: set() for room in picture.rooms}
    libraries: dict[str, set[str]] = {room.name: set() for room in picture.rooms}
    graph = package.build_graph()
    for module, room in homes.items():
        imports[room] |= {homes[other] for other in graph[module] if other in homes} - {room}
        names = {one.name.split(".")[0] for one in package.modules[module].imports if one.when in RUN_TIME}
        libraries[room] |= names - sys.stdlib_module_names - {package.name}
    missing = set(imports) - set(homes.values())
    if missing:
        raise LookupError(f"{', '.join(sorted(missing))}: no such module or folder; correct tools/architecture.py")
    found = {name: frozenset(others) for name, others in imports.items()}
    for group in group_cycles(found):
        if len(group) > 1:
            raise LookupError(f"{', '.join(sorted(group))}: import each other, so they have no order")
    alone = {
        name: own.difference(*(libraries[other] for other in libraries if other != name))
        for name, own in libraries.items()
    }
    return Rooms(found, {name: tuple(sorted(own)) for name, own in alone.items()})


def _find_homes(picture: Picture, package: Package) -> dict[str, str]:
    """Return the room of each module that the picture shows."""
    rooms = {module: room.name for room in picture.rooms for module in (room.name, *room.modules)}
    prefix = f"{picture.folder}." if picture.folder else ""
    homes: dict[str, str] = {}
    for module in package.modules:
        name = module.removeprefix(prefix).split(".")[0]
        if not module.startswith(prefix) or name in _EVERYWHERE:
            continue
        if name not in rooms and package.modules[prefix + name].path.name == "__init__.py":
            raise LookupError(f"{prefix}{name}: has no room; give it a sentence in tools/architecture.py")
        homes[module] = rooms.get(name, picture.rooms[-1].name)
    return homes


def find_arrows(imports: Graph) -> list[tuple[str, str]]:
    """Return the imports that do not follow from others."""
    reached: dict[str, set[str]] = {}
    for group in group_cycles(imports):
        for name in group:
            reached[name] = set().union(*({below} | reached[below] for below in imports[name]))
    return [
        (name, other)
        for name in imports
        for other in sorted(imports[name].difference(*(reached[below] for below in imports[name])))
    ]


WIDTH: Final = 600
_MARGIN, _GAP, _LANE, _RISE = 8, 16, 10, 40
_LINE, _PADDING, _CHARACTER = 18, 10, 8
_STYLE: Final = """\
  <style>
    .arch { --arch-text: #1f2328; --arch-line: #57606a; --arch-box: #f6f8fa; font: 13px system-ui, sans-serif }
    @media (prefers-color-scheme: dark) {
      .arch { --arch-text: #e6edf3; --arch-line: #9da7b1; --arch-box: #161b22 }
    }
    .arch text { fill: var(--md-typeset-color, var(--arch-text)); text-anchor: middle }
    .arch .name { font-size: 15px; font-weight: 600 }
    .arch .libraries { font-style: italic }
    .arch rect, .arch path { stroke: var(--md-default-fg-color--light, var(--arch-line)); stroke-width: 1.5 }
    .arch rect { fill: var(--md-code-bg-color, var(--arch-box)) }
    .arch path { fill: none }
    .arch marker path { fill: var(--md-default-fg-color--light, var(--arch-line)); stroke: none }
  </style>"""
_OPENING: Final = (
    f'<svg class="arch" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {{height}}" role="img"'
    ' aria-label="{label}">'
)
_HEAD: Final = (
    '  <marker id="{head}" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" orient="auto">'
    '<path d="M0 0 8 4 0 8z"/></marker>'
)


@attrs.frozen
class _Box:
    left: float
    width: float
    top: float
    height: float

    @property
    def middle(self) -> float:
        return self.left + self.width / 2

    @property
    def bottom(self) -> float:
        return self.top + self.height


def draw(picture: Picture, rooms: Rooms) -> str:
    """Return a picture as SVG that follows the page's colours or, outside of a page, the system's.

    Args:
        picture: The rooms' descriptions.
        rooms: The rooms, as read from the source.
    """
    arrows = find_arrows(rooms.imports)
    rows, paths = _arrange(rooms.imports, arrows)
    texts = {room.name: room for room in picture.rooms}
    boxes: dict[str, _Box] = {}
    drawn: list[str] = []
    top = float(_MARGIN)
    for row in rows:
        count = sum(name in texts for name in row)
        width = (WIDTH - 2 * _MARGIN - _GAP * (len(row) - 1) - _LANE * (len(row) - count)) / count
        lines = {name: _wrap(texts[name], rooms.libraries[name], width) for name in row if name in texts}
        height = 2 * _PADDING + _LINE * max(map(len, lines.values()))
        left = float(_MARGIN)
        for name in row:
            boxes[name] = _Box(left, width if name in texts else _LANE, top, height)
            left += boxes[name].width + _GAP
        for name, shown in lines.items():
            drawn += _draw_box(boxes[name], shown)
        top += height + _RISE
    label = escape("; ".join(f"{name} imports {other}" for name, other in arrows))
    head = f"{picture.path.stem}-head"
    links = [link for path in paths for link in pairwise(path)]
    return "\n".join(
        [
            _OPENING.format(height=round(top - _RISE + _MARGIN), label=label),
            _STYLE,
            _HEAD.format(head=head),
            *(_draw_arrow(path, links, boxes, head) for path in paths),
            *drawn,
            "</svg>\n",
        ]
    )


def _arrange(imports: Graph, arrows: Iterable[tuple[str, str]]) -> tuple[list[list[str]], list[list[str]]]:
    """Return the rows of rooms from the top, and each arrow's path through them.

    An arrow crosses the rows between its ends in lanes, which take space like narrow boxes.
    """
    floors = find_floors(imports)
    rows: list[list[str]] = [[] for _ in range(max(floors.values()) + 1)]
    for name in imports:
        rows[floors[name]].append(name)
    paths: list[list[str]] = []
    for name, other in arrows:
        between = range(floors[name] - 1, floors[other], -1)
        lanes = {floor: f"{name} {other} {floor}" for floor in between}
        for floor, lane in lanes.items():
            rows[floor].append(lane)
        paths.append([name, *lanes.values(), other])
    return _order(rows[::-1], [link for path in paths for link in pairwise(path)]), paths


def _order(rows: list[list[str]], links: list[tuple[str, str]]) -> list[list[str]]:
    """Order each row so that few arrows cross, by the mean position of each box's neighbours."""
    best = rows
    for step in (1, -1) * 6:
        first, *others = rows[::step]
        rows = [first]
        for row in others:
            rows.append(_follow(row, rows[-1], links))
        rows = rows[::step]
        best = min(best, rows, key=lambda rows: _count_crossings(rows, links))
    return best


def _follow(row: list[str], fixed: list[str], links: list[tuple[str, str]]) -> list[str]:
    def find_place(name: str) -> float:
        places = [fixed.index(other) for link in links if name in link for other in link if other in fixed]
        return sum(places) / len(places) / len(fixed) if places else row.index(name) / len(row)

    return sorted(row, key=find_place)


def _count_crossings(rows: list[list[str]], links: list[tuple[str, str]]) -> int:
    count = 0
    for upper, lower in pairwise(rows):
        ends = [(upper.index(name), lower.index(other)) for name, other in links if name in upper and other in lower]
        count += sum(start < other_start and end > other_end for start, end in ends for other_start, other_end in ends)
    return count


def _wrap(room: Room, libraries: tuple[str, ...], width: float) -> list[tuple[str, str]]:
    """Return the lines of a box, each with its class."""
    columns = int(width / _CHARACTER)
    texts = (("sentence", room.sentence), ("libraries", ", ".join(libraries)))
    return [("name", room.name), *((kind, line) for kind, text in texts for line in wrap(text, columns))]


def _draw_box(box: _Box, lines: list[tuple[str, str]]) -> list[str]:
    first = box.top + (box.height - _LINE * len(lines)) / 2 + 13
    return [
        f'  <rect x="{box.left:g}" y="{box.top:g}" width="{box.width:g}" height="{box.height:g}" rx="4"/>',
        *(
            f'  <text class="{kind}" x="{box.middle:g}" y="{first + _LINE * place:g}">{escape(text)}</text>'
            for place, (kind, text) in enumerate(lines)
        ),
    ]


def _draw_arrow(path: list[str], links: list[tuple[str, str]], boxes: Mapping[str, _Box], head: str) -> str:
    """Return an arrow: curves between the rows, straight lines through the rows that it crosses."""
    steps: list[str] = []
    for upper, lower in pairwise(path):
        start = _find_end(upper, lower, [other for name, other in links if name == upper], boxes)
        end = _find_end(lower, upper, [name for name, other in links if other == lower], boxes)
        top, bottom = boxes[upper].bottom, boxes[lower].top - (lower == path[-1])
        middle = (top + bottom) / 2
        command = "L" if steps else "M"
        steps.append(f"{command}{start:g} {top:g}C{start:g} {middle:g} {end:g} {middle:g} {end:g} {bottom:g}")
    return f'  <path d="{"".join(steps)}" marker-end="url(#{head})"/>'


def _find_end(name: str, other: str, others: list[str], boxes: Mapping[str, _Box]) -> float:
    """Return where an arrow leaves or reaches a box: arrows on one side are spaced evenly, in order."""
    order = sorted(others, key=lambda one: boxes[one].middle)
    return boxes[name].left + boxes[name].width * (order.index(other) + 1) / (len(order) + 1)


def main() -> None:
    """Write the pictures."""
    package = read_package(_ROOT / _PACKAGE)
    for picture in PICTURES:
        picture.path.write_text(draw(picture, read_rooms(picture, package)), encoding="utf-8")


if __name__ == "__main__":
    main()
