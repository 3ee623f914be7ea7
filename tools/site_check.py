"""Check the built site: `python -m tools.site_check [SITE]`.

Every link and anchor within it leads somewhere, every address outside is well formed, nothing is loaded from another
server, and the reference has every public name. Needs the standard library alone.
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

__all__ = ["Page", "main", "missing_names", "problems", "public_names"]

_ROOT: Final = Path(__file__).resolve().parent.parent
_LOADED: Final = frozenset({"stylesheet", "icon", "preload", "prefetch", "preconnect", "dns-prefetch", "modulepreload"})
"""Kinds of `<link>` for which a browser asks a server."""
_FROM_CSS: Final = re.compile(r"""(?:url\(|@import)\s*["']?\s*((?:https?:)?//[^"')\s]+)""")


class Page(HTMLParser):
    """One page: the anchors that it has, where it links to, and what it loads.

    Attributes:
        anchors: Ids and names.
        links: Addresses of `<a>`.
        loads: Addresses that a browser asks for by itself.
    """

    def __init__(self, text: str) -> None:
        """Read a page's HTML."""
        super().__init__()
        self.anchors: set[str] = set()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what an element has, links to, or loads."""
        given = {name: value or "" for name, value in attrs}
        self.anchors |= {given[name] for name in ("id", "name") if given.get(name)}
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        elif tag == "link" and _LOADED & set(given.get("rel", "").split()):
            self.loads.append(given.get("href", ""))
        elif "src" in given:
            self.loads.append(given["src"])


class _Site:
    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()

    @cached_property
    def pages(self) -> Mapping[Path, Page]:
        return {path: Page(path.read_text(encoding="utf-8")) for path in sorted(self.folder.rglob("*.html"))}

    def problem_of(self, page: Path, address: str) -> str | None:
        """Return what is wrong with an address on a page, or None."""
        parts = urlsplit(address)
        if parts.scheme or parts.netloc:
            is_whole = bool({"https": parts.netloc, "mailto": parts.path}.get(parts.scheme))
            return None if is_whole else "is no whole https address"
        # The page for what is not found is shown at any address, so its own are written from the site's root.
        base = self.folder if parts.path.startswith("/") else page.parent
        target = (base / unquote(parts.path).lstrip("/")).resolve() if parts.path else page
        if target.is_dir():
            target /= "index.html"
        if not target.is_relative_to(self.folder) or not target.is_file():
            return "leads nowhere"
        if parts.fragment and target in self.pages and unquote(parts.fragment) not in self.pages[target].anchors:
            return "has no such anchor"
        return None


def problems(folder: Path) -> Iterator[str]:
    """Yield a sentence for each thing that is wrong with a built site.

    Args:
        folder: The site.
    """
    site = _Site(folder)
    for path, page in site.pages.items():
        name = path.relative_to(site.folder).as_posix()
        for address in page.links:
            if problem := site.problem_of(path, address):
                yield f"{name}: {address} {problem}"
        for address in page.loads:
            if urlsplit(address).netloc:
                yield f"{name}: loads {address} from another server"
            elif not address.startswith("data:") and (problem := site.problem_of(path, address)):
                yield f"{name}: {address} {problem}"
    for sheet in sorted(site.folder.rglob("*.css")):
        for found in _FROM_CSS.findall(sheet.read_text(encoding="utf-8")):
            yield f"{sheet.relative_to(site.folder).as_posix()}: loads {found} from another server"


def public_names(source: Path) -> Iterator[str]:
    """Yield the full name of everything that a module lists in `__all__`.

    Args:
        source: The module's file.
    """
    parts = source.relative_to(_ROOT).with_suffix("").parts
    module = ".".join(parts).removesuffix(".__init__")
    for node in ast.parse(source.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            yield from (f"{module}.{name}" for name in ast.literal_eval(node.value) if not name.startswith("__"))


def missing_names(folder: Path, sources: list[Path]) -> Iterator[str]:
    """Yield a sentence for each public name that the site's inventory does not have.

    Args:
        folder: The site, with Sphinx's `objects.inv`.
        sources: The public modules' files.
    """
    body = (folder / "objects.inv").read_bytes().split(b"\n", 4)[4]
    known = {line.split(" ", 1)[0] for line in zlib.decompress(body).decode().splitlines()}
    for source in sources:
        yield from (f"the reference has no {name}" for name in public_names(source) if name not in known)


def referenced(folder: Path) -> list[Path]:
    """Return the files of the modules that the pages of the reference ask for.

    Args:
        folder: The pages, each with `::: module`.
    """
    modules = (
        name
        for page in sorted(folder.glob("*.md"))
        for name in re.findall(r"^::: (\S+)$", page.read_text("utf-8"), re.MULTILINE)
    )
    bases = (_ROOT / Path(*name.split(".")) for name in modules)
    return [base / "__init__.py" if base.is_dir() else base.with_suffix(".py") for base in bases]


def main(arguments: list[str] | None = None) -> int:
    """Print what is wrong.

    Args:
        arguments: The site's folder; `site` where not given.

    Returns:
        The exit status: 0 where nothing is wrong.
    """
    given = sys.argv[1:] if arguments is None else arguments
    folder = Path(given[0]) if given else _ROOT / "site"
    found = [*problems(folder), *missing_names(folder, referenced(_ROOT / "docs" / "reference"))]
    for sentence in found:
        print(sentence)  # noqa: T201 (a command speaks to its caller)
    if not found:
        count = sum(1 for _ in folder.rglob("*.html"))
        print(f"{folder}: {count} pages, every link and every public name in place")  # noqa: T201 (as above)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
