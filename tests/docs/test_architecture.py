"""The picture of the architecture is what the imports say."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.docs.pages import ROOT
from tools.architecture import PICTURE, ROOMS, Graph, Room, draw, main, read

SOURCE = ROOT / "connectly_api"
EMPTY = {room.name: frozenset[str]() for room in ROOMS}


def package(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = folder / "connectly_api" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return folder / "connectly_api"


def test_the_picture_is_what_the_code_says_now() -> None:
    assert PICTURE.read_text("utf-8") == draw(read(SOURCE)), "stale: run python -m tools.architecture"


def test_writing_it_again_changes_nothing() -> None:
    before = PICTURE.read_bytes()
    main()
    assert PICTURE.read_bytes() == before


def test_imports_of_every_form_are_read_and_libraries_of_one_room_alone(tmp_path: Path) -> None:
    source = package(
        tmp_path,
        {
            "__init__.py": "from connectly_api.client import Connectly\n",
            "client.py": "from connectly_api import errors, X\nimport connectly_api.content\nimport os, anyio.abc\n",
            "content.py": "def f():\n    from .wire import x\n",
            "sandbox/a/b.py": "from ...webhooks.a import y\nfrom .. import z\ntry:\n import httpx, attrs\nfinally: 1\n",
            "webhooks/__init__.py": "if TYPE_CHECKING:\n    import connectly_api.client\n",
            "errors.py": "import attrs\n",
            "wire.py": "from connectly_api.lazy import lazy_names\n",
            "lazy.py": "",
        },
    )
    graph = read(source)
    content, wire = "content, recipients, send_request", "wire"
    expected = {"client": {"errors", content}, content: {wire}, "sandbox": {"webhooks"}}
    assert {name: set(found) for name, found in graph.imports.items() if found} == expected
    assert {name: found for name, found in graph.libraries.items() if found} == {
        "client": ("anyio",),
        "sandbox": ("httpx",),
    }


def test_a_module_without_a_room_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(LookupError, match="attic: is in no room"):
        read(package(tmp_path, {"attic.py": ""}))


def test_every_module_named_in_a_room_is_there() -> None:
    named = {module for room in ROOMS for module in room.modules}
    there = {path.stem for path in SOURCE.iterdir() if path.suffix == ".py" or (path / "__init__.py").is_file()}
    assert named <= there


def test_an_arrow_that_follows_from_others_is_left_out_and_layers_stand_above_each_other() -> None:
    graph = Graph(
        EMPTY | {"client": frozenset({"transport", "errors"}), "transport": frozenset({"errors"})},
        {room.name: () for room in ROOMS} | {"errors": ("a<b",)},
    )
    picture = ET.fromstring(draw(graph))  # noqa: S314 (our own)
    assert picture.get("aria-label") == "client imports transport; transport imports errors"
    space = "{http://www.w3.org/2000/svg}"
    texts = {text.text: float(text.get("y", "")) for text in picture.iter(f"{space}text")}
    assert texts["client"] < texts["transport"] < texts["errors"]
    assert "a<b" in texts


def test_every_room_is_drawn_within_the_picture() -> None:
    picture = ET.fromstring(PICTURE.read_text("utf-8"))  # noqa: S314 (our own)
    _, _, width, height = map(float, picture.get("viewBox", "").split())
    boxes = [
        [float(box.get(side, "")) for side in ("x", "y", "width", "height")]
        for box in picture.iter("{http://www.w3.org/2000/svg}rect")
    ]
    assert len(boxes) == len(ROOMS)
    assert all(x >= 0 and y >= 0 and x + w <= width and y + h <= height for x, y, w, h in boxes)
    assert len({(x, y) for x, y, _, _ in boxes}) == len(boxes)


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.name)
def test_a_rooms_words_fit_into_its_box(room: Room) -> None:
    # Nine pixels a character is wider than any usual font of this size.
    width = 464 if room.column == "both" else 224
    assert 9 * max(len(room.name), len(room.says)) <= width
