"""Check the built site: `python -m tools.site_check [SITE]`.

Every internal link and anchor must have a target, every external URL must be well formed, no page may load anything
from another server, and the reference must have every public name. It only uses the standard library.
"""

from __future__ import annotations

import ast
import re
import sys
import zlib
from collections.abc import Iterator, Mapping
from functools import cached_property
from html.parser import HTMLParser
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

_ROOT: Final = Path(__file__).resolve().parent.parent
_LOADED: Final = frozenset({"stylesheet", "icon", "preload", "prefetch", "preconnect", "dns-prefetch", "modulepreload"})
"""Kinds of `<link>` that a browser loads."""
_FROM_CSS: Final = re.compile(r"""(?:url\(|@import)\s*["']?\s*((?:https?:)?//[^"')\s]+)""")


class Page(HTMLParser):
    """The anchors, links and resources of a page.

    Attributes:
        anchors: Ids and names.
        links: URLs of `<a>`.
        loads: URLs that a browser loads with the page.
    """

    def __init__(self, text: str) -> None:
        """Parse the page's HTML."""
        super().__init__()
        self.anchors: set[str] = set()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Add an element's anchors and URLs."""
        attributes = {name: value or "" for name, value in attrs}
        self.anchors |= {attributes[name] for name in ("id", "name") if attributes.get(name)}
        if tag == "a" and "href" in attributes:
            self.links.append(attributes["href"])
        elif tag == "link" and _LOADED & set(attributes.get("rel", "").split()):
            self.loads.append(attributes.get("href", ""))
        elif "src" in attributes:
            self.loads.append(attributes["src"])


class _Site:
    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()

    @cached_property
    def pages(self) -> Mapping[Path, Page]:
        return {path: Page(path.read_text(encoding="utf-8")) for path in sorted(self.folder.rglob("*.html"))}

    def find_problem(self, page: Path, address: str) -> str | None:
        """Return the problem with a URL on a page, or None."""
        parts = urlsplit(address)
        if parts.scheme or parts.netloc:
            is_complete = bool({"https": parts.netloc, "mailto": parts.path}.get(parts.scheme))
            return None if is_complete else "is not a complete https URL"
        # The 404 page is served at any path, so its own links are absolute.
        base = self.folder if parts.path.startswith("/") else page.parent
        target = (base / unquote(parts.path).lstrip("/")).resolve() if parts.path else page
        if target.is_dir():
            target /= "index.html"
        if not target.is_relative_to(self.folder) or not target.is_file():
            return "has no target"
        if parts.fragment and target in self.pages and unquote(parts.fragment) not in self.pages[target].anchors:
            return "has no such anchor"
        return None


def find_problems(folder: Path) -> Iterator[str]:
    """Yield a sentence for each problem of a built site."""
    site = _Site(folder)
    for path, page in site.pages.items():
        name = path.relative_to(site.folder).as_posix()
        for address in page.links:
            if problem := site.find_problem(path, address):
                yield f"{name}: {address} {problem}"
        for address in page.loads:
            if urlsplit(address).netloc:
                yield f"{name}: loads {address} from another server"
            elif not address.startswith("data:") and (problem := site.find_problem(path, address)):
                yield f"{name}: {address} {problem}"
    for sheet in sorted(site.folder.rglob("*.css")):
        for found in _FROM_CSS.findall(sheet.read_text(encoding="utf-8")):
            yield f"{sheet.relative_to(site.folder).as_posix()}: loads {found} from another server"


def read_public_names(source: Path) -> Iterator[str]:
    """Yield the full names that a module's file lists in `__all__`."""
    parts = source.relative_to(_ROOT).with_suffix("").parts
    module = ".".join(parts).removesuffix(".__init__")
    for node in ast.parse(source.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            yield from (f"{module}.{name}" for name in ast.literal_eval(node.value) if not name.startswith("__"))


def find_missing_names(folder: Path, sources: list[Path]) -> Iterator[str]:
    """Yield a sentence for each public name that is missing from the site's inventory.

    Args:
        folder: The site, which has an inventory `objects.inv` in Sphinx's format.
        sources: The files of the public modules.
    """
    body = (folder / "objects.inv").read_bytes().split(b"\n", 4)[4]
    known = {line.split(" ", 1)[0] for line in zlib.decompress(body).decode().splitlines()}
    for source in sources:
        yield from (f"the reference has no {name}" for name in read_public_names(source) if name not in known)


def find_reference_modules(folder: Path) -> list[Path]:
    """Return the files of the modules that the reference documents, each page with `::: module`."""
    modules = (
        name
        for page in sorted(folder.glob("*.md"))
        for name in re.findall(r"^::: (\S+)$", page.read_text("utf-8"), re.MULTILINE)
    )
    bases = (_ROOT / Path(*name.split(".")) for name in modules)
    return [base / "__init__.py" if base.is_dir() else base.with_suffix(".py") for base in bases]


def main(arguments: list[str] | None = None) -> int:
    """Print the problems.

    Args:
        arguments: The site's folder; by default `site`.

    Returns:
        The exit status: 1 if there are problems.
    """
    arguments = sys.argv[1:] if arguments is None else arguments
    folder = Path(arguments[0]) if arguments else _ROOT / "site"
    found = [*find_problems(folder), *find_missing_names(folder, find_reference_modules(_ROOT / "docs" / "reference"))]
    for sentence in found:
        print(sentence)  # noqa: T201 (the output of a command)
    if not found:
        count = sum(1 for _ in folder.rglob("*.html"))
        print(f"{folder}: {count} pages, no broken link, no missing name")  # noqa: T201 (as above)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
