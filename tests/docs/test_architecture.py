"""The architecture's pictures are what the imports say, and its walks lead from function to function."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.docs.pages import ROOT
from tests.docs.walks import Source, Step, read_walks
from tools.architecture import PICTURES, WIDTH, Picture, Room, Rooms, draw, main, read_rooms
from tools.import_graph import Package, read_package

SOURCE = read_package(ROOT / "connectly_api")
WALKS = read_walks((ROOT / "docs" / "architecture.md").read_text("utf-8"))
FUNCTIONS = Source(ROOT / "connectly_api", ROOT / "codegen")
SVG = "{http://www.w3.org/2000/svg}"
SMALL = Picture(
    Path("small.svg"),
    "",
    (
        Room("client", "calls"),
        Room("sandbox", "the service"),
        Room("content", "what is sent", ("wire",)),
        Room("webhooks", "events"),
        Room("errors", "the rest"),
    ),
)


def package(folder: Path, files: dict[str, str]) -> Package:
    for name, text in files.items():
        path = folder / "connectly_api" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return read_package(folder / "connectly_api")


def files(changes: dict[str, str | None] | None = None) -> dict[str, str]:
    found: dict[str, str | None] = {
        "__init__.py": "from connectly_api.client import Connectly\n",
        "client.py": "from connectly_api import errors, X\nimport connectly_api.content\nimport os, anyio.abc\n",
        "content.py": "def f():\n    from .wire import x\n    from .errors import y\n",
        "sandbox/a/b.py": "from ...webhooks.a import y\nfrom .. import z\ntry:\n import httpx, attrs\nfinally: 1\n",
        "sandbox/__init__.py": "",
        "sandbox/a/__init__.py": "",
        "webhooks/__init__.py": "if TYPE_CHECKING:\n    import connectly_api.client\n",
        "webhooks/a.py": "",
        "errors.py": "import attrs\n",
        "keywords.py": "",
        "wire.py": "from connectly_api.lazy import lazy_names\n",
        "lazy.py": "",
    }
    return {name: text for name, text in (found | (changes or {})).items() if text is not None}


@pytest.mark.parametrize("picture", PICTURES, ids=lambda picture: picture.path.stem)
def test_a_picture_is_what_the_code_says_now(picture: Picture) -> None:
    drawn = draw(picture, read_rooms(picture, SOURCE))

    assert picture.path.read_text("utf-8") == drawn, "stale: run python -m tools.architecture"


def test_writing_them_again_changes_nothing() -> None:
    before = [picture.path.read_bytes() for picture in PICTURES]
    main()
    assert [picture.path.read_bytes() for picture in PICTURES] == before


def test_imports_of_every_form_are_read_and_libraries_of_one_room_alone(tmp_path: Path) -> None:
    rooms = read_rooms(SMALL, package(tmp_path, files()))

    assert {name: set(found) for name, found in rooms.imports.items() if found} == {
        "client": {"errors", "content"},
        "content": {"errors"},
        "sandbox": {"webhooks"},
    }
    assert {name: found for name, found in rooms.libraries.items() if found} == {
        "client": ("anyio",),
        "sandbox": ("httpx",),
    }


def test_a_folder_has_its_own_picture(tmp_path: Path) -> None:
    source = files({"sandbox/engine.py": "from connectly_api.sandbox.a.b import x\nimport connectly_api.errors\n"})
    picture = Picture(Path("sandbox.svg"), "sandbox", (Room("a", "the state"), Room("engine", "the rest")))

    assert read_rooms(picture, package(tmp_path, source)).imports == {"engine": {"a"}, "a": frozenset()}


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"attic/__init__.py": ""}, "attic: has no room; give it a sentence"),
        ({"client.py": None}, "client: no such module or folder"),
        ({"errors.py": "import connectly_api.content"}, "content, errors: import each other"),
    ],
)
def test_what_cannot_be_drawn_is_an_error(tmp_path: Path, changes: dict[str, str | None], problem: str) -> None:
    with pytest.raises(LookupError, match=problem):
        read_rooms(SMALL, package(tmp_path, files(changes)))


def test_an_arrow_that_follows_from_others_is_left_out_and_layers_stand_above_each_other() -> None:
    imports = {"client": {"content", "errors"}, "content": {"errors"}, "errors": set[str](), "sandbox": {"errors"}}
    rooms = Rooms(
        {name: frozenset(found) for name, found in imports.items()} | {"webhooks": frozenset()},
        {room.name: () for room in SMALL.rooms} | {"errors": ("a<b",)},
    )
    picture = ET.fromstring(draw(SMALL, rooms))  # noqa: S314 (our own)
    assert picture.get("aria-label") == "client imports content; content imports errors; sandbox imports errors"
    texts = {text.text: float(text.get("y", "")) for text in picture.iter(f"{SVG}text")}
    assert texts["client"] < texts["content"] < texts["errors"]
    assert "a<b" in texts


@pytest.mark.parametrize("picture", PICTURES, ids=lambda picture: picture.path.stem)
def test_every_room_is_drawn_within_the_picture_and_its_words_within_its_box(picture: Picture) -> None:
    drawn = ET.fromstring(picture.path.read_text("utf-8"))  # noqa: S314 (our own)
    _, _, width, height = map(float, drawn.get("viewBox", "").split())
    boxes: list[list[float]] = []
    for element in drawn:
        if element.tag == f"{SVG}rect":
            boxes.append([float(element.get(side, "")) for side in ("x", "y", "width", "height")])
        elif element.tag == f"{SVG}text":
            # Eight pixels a character, nine in a heading, is wider than any usual font of these sizes.
            size = 9 if element.get("class") == "name" else 8
            assert size * len(element.text or "") <= boxes[-1][2], element.text
    assert width == WIDTH
    assert len(boxes) == len(picture.rooms)
    assert all(x >= 0 and y >= 0 and x + w <= width and y + h <= height for x, y, w, h in boxes)
    in_rows = sorted((y, x, w) for x, y, w, _ in boxes)
    assert all(x + w < other_x for (y, x, w), (other_y, other_x, _) in pairwise(in_rows) if y == other_y)


@pytest.mark.parametrize("walk", WALKS, ids=lambda walk: walk[0].name)
def test_each_step_of_a_walk_is_a_function_that_a_step_before_it_names(walk: list[Step]) -> None:
    problems = list(FUNCTIONS.find_problems(walk))

    assert not problems, "\n".join(problems)


def test_there_are_five_walks_the_sandbox_s_in_two_parts() -> None:
    assert [walk[0].name for walk in WALKS] == [
        "client.Connectly.send_text",
        "webhooks.app.WebhookApp.__call__",
        "campaigns.campaigns.Campaign.run",
        "sandbox.web.api.build_app",
        "sandbox.engine.Engine.run_until",
        "__main__._update",
    ]
    assert all(len(walk) <= 12 for walk in WALKS)


@pytest.mark.parametrize(
    ("page", "problems"),
    [
        ("1. `a.call` calls.\n2. `b.Answer.read`\n3. `b.TABLE`\n4. `c.done`\n", []),
        ("1. `a.call`\n2. `b.Answer.write` (sockets calls it)\n", []),
        ("1. `a.call`\n3. `b.Answer.read`\n", ["step 3, `b.Answer.read`: should be number 2"]),
        ("1. `a.call`\n2. `b.Answer.write`\n", ["no step before it names `write`"]),
        ("\n1. `c.read`\n2. `b.TABLE`\n", ["architecture.md:2: step 1, `c.read`: there is no such", "b.Answer.read"]),
        ("1. `a.cal`\n", ["Candidates: a.call"]),
        ("1. `x.y`\n", ["none of that name"]),
    ],
)
def test_what_is_wrong_with_a_walk_is_said_with_what_it_may_be_now(
    tmp_path: Path, page: str, problems: list[str]
) -> None:
    package(
        tmp_path,
        {
            "a.py": "async def call(): return answer.read(TABLE)",
            "b.py": "class Answer:\n def read(self): pass\n def write(self): pass\nTABLE = (c.done,)\nx[0] = 1",
            "c.py": "done: int = 1",
        },
    )
    (walk,) = read_walks(page)
    found = "\n".join(Source(tmp_path / "connectly_api").find_problems(walk))

    assert bool(found) == bool(problems)
    assert all(problem in found for problem in problems)
