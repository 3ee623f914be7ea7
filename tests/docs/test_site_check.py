"""The checker of the built site finds what is wrong, and nothing else."""

from __future__ import annotations

import re
import zlib
from pathlib import Path

import pytest

import connectly_api
from tests.docs.pages import ROOT, blocks_of, pages
from tools.site_check import find_missing_names, find_problems, find_reference_modules, main, read_public_names

GOOD = """
<link rel="stylesheet" href="assets/a.css"><link rel="canonical" href="https://elsewhere.example/">
<script src="assets/a.js?v=1"></script><img src="data:image/png;base64,xx">
<h1 id="top">T</h1><a name="old"></a>
<a href="#top">1</a><a href="sub/b.html#x%20y">2</a><a href="sub/">3</a><a href="https://docs.connectly.ai/a">4</a>
<a href="mailto:a@b.example">5</a><a href="/sub/b.html">6</a><a href="#old">7</a>
"""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    files = {
        "index.html": GOOD,
        "sub/b.html": '<p id="x y"></p><a href="../index.html#top">back</a>',
        "sub/index.html": "",
        "assets/a.css": "b { background: url(data:image/svg+xml;x) } c { background: url('a.js') }",
        "assets/a.js": "",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, "utf-8")
    return tmp_path


def inventory(site: Path, names: list[str]) -> None:
    lines = "".join(f"{name} py:class 1 reference/x.html#$ -\n" for name in names)
    head = b"# Sphinx inventory version 2\n# Project: x\n# Version: 0\n# compressed with zlib\n"
    (site / "objects.inv").write_bytes(head + zlib.compress(lines.encode()))


def test_a_site_in_order_has_no_problem(site: Path) -> None:
    assert list(find_problems(site)) == []


@pytest.mark.parametrize(
    ("html", "problem"),
    [
        ('<a href="gone.html">', "gone.html has no target"),
        ('<a href="gone/">', "gone/ has no target"),
        ('<a href="../../etc/passwd">', "has no target"),
        ('<a href="#bottom">', "#bottom has no such anchor"),
        ('<a href="sub/b.html#z">', "sub/b.html#z has no such anchor"),
        ('<a href="http://docs.connectly.ai">', "is not a complete https URL"),
        ('<a href="https:docs">', "is not a complete https URL"),
        ('<a href="javascript:x()">', "is not a complete https URL"),
        ('<img src="assets/gone.png">', "assets/gone.png has no target"),
        ('<script src="https://cdn.example/a.js"></script>', "loads https://cdn.example/a.js from another server"),
        ('<script src="//cdn.example/a.js"></script>', "from another server"),
        ('<link rel="preconnect" href="https://fonts.example">', "from another server"),
        ('<link rel="shortcut icon" href="https://a.example/b.ico">', "from another server"),
    ],
)
def test_what_is_wrong_on_a_page_is_found(site: Path, html: str, problem: str) -> None:
    (site / "index.html").write_text(GOOD + html, "utf-8")
    (found,) = find_problems(site)
    assert found.startswith("index.html: ")
    assert problem in found


@pytest.mark.parametrize("css", ["a { background: url(https://a.example/b.png) }", '@import "//fonts.example/c.css";'])
def test_a_sheet_that_loads_from_another_server_is_found(site: Path, css: str) -> None:
    (site / "assets" / "a.css").write_text(css, "utf-8")
    (found,) = find_problems(site)
    assert re.fullmatch(r"assets/a\.css: loads \S+ from another server", found)


def test_the_public_names_are_those_that_the_module_lists() -> None:
    names = list(read_public_names(ROOT / "connectly_api" / "__init__.py"))
    assert names == [f"connectly_api.{name}" for name in connectly_api.__all__ if name != "__version__"]


def test_a_name_that_the_inventory_does_not_have_is_found(site: Path) -> None:
    source = ROOT / "connectly_api" / "telemetry.py"
    inventory(site, ["connectly_api.telemetry", "connectly_api.telemetry.Telemetry"])
    assert list(find_missing_names(site, [source])) == []
    inventory(site, ["connectly_api.telemetry"])
    assert list(find_missing_names(site, [source])) == ["the reference has no connectly_api.telemetry.Telemetry"]


def test_every_module_that_is_public_has_one_page_of_the_reference() -> None:
    sources = find_reference_modules(ROOT / "docs" / "reference")
    modules = [".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__") for path in sources]
    # A package that exports no names is internal; the command line's modules are too, as they say themselves.
    faces = (ROOT / "connectly_api").glob("*/__init__.py")
    packages = {path.parent.name for path in faces if "__all__ = " in path.read_text("utf-8")} - {"cli"}
    assert len(set(modules)) == len(modules)
    assert {"connectly_api", *(f"connectly_api.{name}" for name in packages)} <= set(modules)
    listed = re.findall(
        r"^\| \[`(.+?)`\]\((.+?)\)", (ROOT / "docs/reference/index.md").read_text("utf-8"), re.MULTILINE
    )
    assert sorted(name for name, _ in listed) == sorted(modules)
    for name, page in listed:
        assert f"::: {name}\n" in (ROOT / "docs" / "reference" / page).read_text("utf-8")


def test_every_module_that_a_page_imports_from_is_in_the_reference() -> None:
    public = "\n".join(path.read_text("utf-8") for path in (ROOT / "docs" / "reference").glob("*.md"))
    text = "\n".join(block.text for page in pages() for block in blocks_of(page))
    imported = set(re.findall(r"^from (connectly_api(?:\.\w+)*) import", text, re.MULTILINE))
    assert len(imported) > 3
    for name in imported:
        # What is generated has a module for each operation, beside the names of the package.
        assert f"::: {name.partition('.api.')[0]}\n" in public


def test_it_ends_with_status_1_where_something_is_wrong(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    modules = find_reference_modules(ROOT / "docs" / "reference")
    inventory(site, [name for source in modules for name in read_public_names(source)])
    assert main([str(site)]) == 0
    assert "3 pages, no broken link, no missing name" in capsys.readouterr().out
    inventory(site, [])
    assert main([str(site)]) == 1
    assert "the reference has no connectly_api.Connectly\n" in capsys.readouterr().out
