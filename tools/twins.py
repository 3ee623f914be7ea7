"""Generate code that repeats the async classes' signatures: `python -m tools.twins [--check]`.

- `connectly_api/replies.py`: `reply_…` for each `send_…` of the client.
- `connectly_api/sync/blocking_….py`: the synchronous twins of the async classes.

Signatures are copied from the syntax trees, so that annotations, defaults and keyword-only marks are exact. Nothing is
imported, so the generator also runs while the generated code is broken or missing.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

import attrs

ROOT: Final = Path(__file__).resolve().parent.parent
COMMAND: Final = "python -m tools.twins"
_BUILTINS: Final = frozenset({"bool", "bytes", "dict", "float", "int", "list", "object", "str", "tuple", "type"})
_ALIAS: Final = "Async"
"""Distinguishes an async class from its twin of the same name."""

Function = ast.FunctionDef | ast.AsyncFunctionDef


@attrs.frozen
class Twin:
    """A synchronous class.

    Attributes:
        module: The async class's module, below `connectly_api`.
        name: The name of both classes.
        public: The package from which users import the async class.
        base: The twin's base class: its module below `connectly_api.sync`, and its name.
        doc: The twin's docstring.
        mixins: Further classes whose methods the async class inherits: modules and names.
    """

    module: str
    name: str
    public: str
    base: tuple[str, str]
    doc: str
    mixins: tuple[tuple[str, str], ...] = ()


@attrs.frozen
class Output:
    """A generated module of synchronous classes."""

    doc: str
    twins: tuple[Twin, ...]


OUTPUTS: Final[Mapping[str, Output]] = {
    "sync/blocking_client.py": Output(
        "The synchronous client.",
        (
            Twin(
                "client",
                "Connectly",
                "connectly_api",
                ("blocking_base", "BlockingClient"),
                """A client of Connectly's Message API, for one business, for synchronous code.

It connects at the first call and keeps its connections until `close`, or the end of its `with` block. One client
serves any number of threads, and a forked process uses connections of its own.""",
                (("replies", "Replies"),),
            ),
        ),
    ),
    "sync/blocking_registrations.py": Output(
        "Webhook registrations for synchronous code.",
        (
            Twin(
                "registrations",
                "Registrations",
                "connectly_api",
                ("twin", "Twin"),
                "The webhook registrations of one business: `Connectly.webhooks`.",
            ),
        ),
    ),
    "sync/blocking_stores.py": Output(
        "Stores for synchronous code.",
        (
            Twin(
                "webhooks.stores.memory",
                "MemoryStore",
                "connectly_api.webhooks",
                ("twin", "Twin"),
                "A store in memory, shared by the threads of one process; other processes do not see it.",
            ),
            Twin(
                "webhooks.stores.sqlite",
                "SQLiteStore",
                "connectly_api.webhooks",
                ("twin", "ClosableTwin"),
                "A store in a SQLite file, which the processes of one machine share, forked ones included.",
                (("webhooks.stores.grouped_store", "GroupedStore"), ("webhooks.stores.file_access", "FileAccess")),
            ),
        ),
    ),
    # Modules of their own, as each loads a library of an extra.
    "sync/blocking_postgres.py": Output(
        "The store in PostgreSQL for synchronous code.",
        (
            Twin(
                "webhooks.stores.postgres",
                "PostgresStore",
                "connectly_api.webhooks",
                ("twin", "ClosableTwin"),
                "A store in a PostgreSQL database, which any number of machines share.",
                (("webhooks.stores.grouped_store", "GroupedStore"), ("webhooks.stores.server_store", "ServerStore")),
            ),
        ),
    ),
    "sync/blocking_redis.py": Output(
        "The store in Redis for synchronous code.",
        (
            Twin(
                "webhooks.stores.redis",
                "RedisStore",
                "connectly_api.webhooks",
                ("twin", "ClosableTwin"),
                "A store in Redis, which any number of machines share.",
                (("webhooks.stores.grouped_store", "GroupedStore"), ("webhooks.stores.server_store", "ServerStore")),
            ),
        ),
    ),
    "sync/blocking_conversations.py": Output(
        "Windows and contacts for synchronous code.",
        (
            Twin(
                "conversations.memory_conversations",
                "MemoryConversations",
                "connectly_api.conversations",
                ("twin", "Twin"),
                "Conversations in memory, shared by the threads of one process; other processes do not see them.",
                (("conversations.conversation_store", "SightingStore"),),
            ),
            Twin(
                "conversations.sqlite_conversations",
                "SQLiteConversations",
                "connectly_api.conversations",
                ("twin", "ClosableTwin"),
                "Conversations in a SQLite file, which the processes of one machine share, forked ones included.",
                (
                    ("conversations.conversation_store", "SightingStore"),
                    ("webhooks.stores.file_access", "FileAccess"),
                ),
            ),
        ),
    ),
}

PARTS: Final = {"Registrations": "connectly_api.sync.blocking_registrations"}
"""Twins that a property of another twin returns."""

WIDENED: Final = ("Conversations", "Store")
"""Protocols of settings for which a twin may be given."""


@attrs.frozen
class Source:
    """A module of async classes.

    Attributes:
        name: The absolute name.
        classes: Its classes.
        imports: Each name that it imports or defines at its top, with the statement that imports it elsewhere.
        lazy: The names that are only imported for type checkers.
    """

    name: str
    classes: Mapping[str, ast.ClassDef]
    imports: Mapping[str, str]
    lazy: frozenset[str]


def read_source(name: str, text: str) -> Source:
    """Read a module."""
    tree = ast.parse(text)
    imports: dict[str, str] = {}
    lazy: set[str] = set()
    for node in tree.body:
        is_lazy = isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for one in node.body if isinstance(node, ast.If) and is_lazy else [node]:
            found = dict(_list_imports(one, name))
            imports |= found
            if is_lazy:
                lazy |= found.keys()
    classes = {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}
    return Source(name, classes, imports, frozenset(lazy))


def _list_imports(node: ast.stmt, module: str) -> Iterator[tuple[str, str]]:
    match node:
        case ast.ImportFrom(module=str() as origin, names=names):
            for one in names:
                alias = f" as {one.asname}" if one.asname else ""
                yield one.asname or one.name, f"from {origin} import {one.name}{alias}"
        case ast.Import(names=names):
            for one in names:
                yield one.asname or one.name, f"import {ast.unparse(one)}"
        case ast.ClassDef(name=name):
            yield name, f"from {module} import {name}"
        case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
            yield name, f"from {module} import {name}"
        case _:
            pass


class Writer:
    """The text of one generated module."""

    def __init__(self, doc: str) -> None:
        """Begin a module with a docstring."""
        self._doc = doc
        self._imports: set[str] = set()
        self._lazy: set[str] = set()
        self.lines: list[str] = []

    def add_import(self, statement: str) -> None:
        """Import a name."""
        self._imports.add(statement)

    def add_lazy_import(self, statement: str) -> None:
        """Import a name for type checkers."""
        self._lazy.add(statement)
        self.add_import("from typing import TYPE_CHECKING")

    def import_names(self, node: ast.AST, source: Source) -> None:
        """Import what an expression of another module names."""
        for one in ast.walk(node):
            if not isinstance(one, ast.Name) or one.id in _BUILTINS:
                continue
            if one.id in source.lazy:
                self.add_lazy_import(source.imports[one.id])
            elif one.id in source.imports:
                self.add_import(source.imports[one.id])

    def write(self) -> str:
        """Return the module, formatted."""
        lazy = ["if TYPE_CHECKING:", *(f"    {one}" for one in sorted(self._lazy))] if self._lazy else []
        head = [f'"""{self._doc}\n\nGenerated by `{COMMAND}`: edit the async classes, or tools/twins.py.\n"""\n']
        return format_code(
            "\n".join([*head, "from __future__ import annotations", *sorted(self._imports), *lazy, *self.lines])
        )


def format_code(text: str) -> str:
    """Sort imports and format, as `ruff` does for this project."""
    for command in (("check", "--fix", "--select=F401,I", "--quiet"), ("format", "--quiet")):
        done = subprocess.run(  # noqa: S603 (this interpreter, and fixed arguments)
            [
                sys.executable,
                "-m",
                "ruff",
                *command,
                "--no-cache",
                "--stdin-filename",
                "connectly_api/twin_text.py",
                "-",
            ],
            cwd=ROOT,
            input=text,
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=True,
        )
        text = done.stdout
    return text


def list_public(node: ast.ClassDef) -> Iterator[Function]:
    """Yield a class's public methods and its constructor, in order."""
    for one in node.body:
        if isinstance(one, Function) and (not one.name.startswith("_") or one.name == "__init__"):
            yield one


def _first_line(function: Function) -> str:
    return (ast.get_docstring(function) or "").partition("\n")[0]


def _list_decorators(function: Function) -> list[str]:
    return [ast.unparse(one) for one in function.decorator_list]


def _build_call(arguments: ast.arguments) -> list[str]:
    """Return the arguments of a call that passes on every parameter, `self` apart."""
    positional = [one.arg for one in (*arguments.posonlyargs, *arguments.args)][1:]
    variable = [f"*{arguments.vararg.arg}"] if arguments.vararg else []
    named = [f"{one.arg}={one.arg}" for one in arguments.kwonlyargs]
    options = [f"**{arguments.kwarg.arg}"] if arguments.kwarg else []
    return [*positional, *variable, *named, *options]


class _Widen(ast.NodeTransformer):
    """Accepts a twin where a setting may be one."""

    found = False

    def visit_Name(self, node: ast.Name) -> ast.AST:
        if node.id not in WIDENED:
            return node
        self.found = True
        return ast.parse(f"{node.id} | Twin[{node.id}]", mode="eval").body


def write_twins(output: Output, sources: Mapping[str, Source]) -> str:
    """Return a module of synchronous classes."""
    writer = Writer(output.doc)
    for twin in output.twins:
        _write_twin(writer, twin, sources)
    return writer.write()


def _write_twin(writer: Writer, twin: Twin, sources: Mapping[str, Source]) -> None:
    source = sources[twin.module]
    base_module, base = twin.base
    writer.add_import(f"from connectly_api.sync.{base_module} import {base}")
    generic = f"[{_ALIAS}{twin.name}]" if base_module == "twin" else ""
    if generic:
        writer.add_import(f"from {source.name} import {twin.name} as {_ALIAS}{twin.name}")
    doc = f"{twin.doc}\n\nSee `{twin.public}.{twin.name}`."
    writer.lines += [f"class {twin.name}({base}{generic}):", _indent(_quote(doc), 1)]
    for module, name in ((twin.module, twin.name), *twin.mixins):
        for function in list_public(sources[module].classes[name]):
            if name == twin.name or function.name != "__init__":
                _write_method(writer, twin, sources[module], function)


def _write_method(writer: Writer, twin: Twin, source: Source, function: Function) -> None:
    decorators = _list_decorators(function)
    is_part = twin.name in PARTS and function.name == "__init__"
    if is_part or function.name == "aclose" or "classmethod" in decorators or "overload" in decorators:
        return  # The bases have their own.
    returns = "" if function.returns is None else ast.unparse(function.returns)
    widen = _Widen()
    widen.visit(function.args)
    call = _build_call(function.args)
    if function.name == "__init__":
        name = f"{_ALIAS}{twin.name}"
        writer.add_import(f"from {source.name} import {twin.name} as {name}")
        body = f"super().__init__({', '.join([name, *call])})"
    elif isinstance(function, ast.AsyncFunctionDef):
        writer.add_import("from connectly_api.sync.portal import run")
        body = f"return run({', '.join([f'self._get().{function.name}', *call])})"
    elif returns == "Self":
        body = f"return self._derive(type(self), lambda twin: twin.{function.name}({', '.join(call)}))"
    elif returns in PARTS:
        writer.add_lazy_import(f"from {PARTS[returns]} import {returns}")
        body = f"from {PARTS[returns]} import {returns}  # noqa: PLC0415 (most programs need none)\n"
        body += f"return self._derive({returns}, lambda twin: twin.{function.name})"
    else:
        body = f"return self._get().{function.name}"
    if widen.found:
        writer.add_import("from connectly_api.sync.twin import Twin")
    for node in (function.args, function.returns):
        if node is not None and returns not in PARTS:
            writer.import_names(node, source)
    origin = twin.name if function.name == "__init__" else f"{twin.name}.{function.name}"
    doc = f"{_first_line(function)}\n\nSee `{twin.public}.{origin}`."
    writer.lines += [
        *(_indent(f"@{one}", 1) for one in _convert_decorators(writer, decorators)),
        _indent(f"def {function.name}({ast.unparse(function.args)}) -> {returns}:", 1),
        _indent(f"{_quote(doc)}\n{body}", 2),
    ]


def _convert_decorators(writer: Writer, decorators: Iterable[str]) -> Iterator[str]:
    origins = {
        "cut_traceback": ("cut_traceback", "connectly_api.tracebacks"),
        "suggest_keywords": ("suggest_sync_keywords", "connectly_api.keywords"),
        "suggest_sync_keywords": ("suggest_sync_keywords", "connectly_api.keywords"),
        "cached_property": ("cached_property", "functools"),
    }
    for one in decorators:
        if one in origins:
            name, module = origins[one]
            writer.add_import(f"from {module} import {name}")
            yield name
        elif one == "property":
            yield one
        else:
            raise ValueError(f"tools.twins does not know the decorator {one!r}")


def _to_reply_name(name: str) -> str:
    """`send_text` becomes `reply_text`, and `send_reply_buttons` becomes `reply_buttons`."""
    return f"reply_{name.removeprefix('send_').removeprefix('reply_')}"


class _ToReply(ast.NodeTransformer):
    """Turns the body of a `send_…` into that of a `reply_…`."""

    def visit_Name(self, node: ast.Name) -> ast.Name:
        return ast.Name("event", node.ctx) if node.id == "recipient" else node

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        return ast.Attribute(node.value, "reply", node.ctx) if node.attr == "send" else self.generic_visit(node)


def write_replies(client: Source) -> str:
    """Return the module of the `reply_…` methods."""
    writer = Writer("Replies: `reply_…` for each `send_…` of the client.")
    event = client.imports["Event"]
    writer.add_lazy_import(event)
    writer.add_import("from connectly_api.tracebacks import cut_traceback")
    writer.lines += [
        "class Replies:",
        '    """The `reply_…` methods of a client, which answer the customer of an event."""',
        "    if TYPE_CHECKING:",
    ]
    functions = {one.name: one for one in list_public(client.classes["Connectly"])}
    reply = functions["reply"]
    writer.import_names(reply, client)
    writer.lines += [
        f"        async def reply({ast.unparse(reply.args)}) -> SentMessage:",
        '            """See `Connectly.reply`."""',
        "            ...",
    ]
    for name, function in functions.items():
        if not name.startswith("send_"):
            continue
        doc = _first_line(function).replace("Send ", "Reply with ", 1).replace("`send`", "`reply`")
        body = [_ToReply().visit(one) for one in function.body[1:]]
        for one in (function.args, function.returns, *body):
            if one is not None:
                writer.import_names(one, client)
        function.args.args[1] = ast.arg("event", ast.Name("Event"))
        writer.lines += [
            "    @cut_traceback",
            f"    async def {_to_reply_name(name)}({ast.unparse(function.args)}) -> SentMessage:",
            _indent("\n".join([_quote(doc), *map(ast.unparse, body)]), 2),
        ]
    return writer.write()


def _quote(doc: str) -> str:
    return f'"""{doc}\n"""' if "\n" in doc else f'"""{doc}"""'


def _indent(text: str, depth: int) -> str:
    return "\n".join(" " * 4 * depth + line if line else "" for line in text.splitlines())


def generate() -> dict[str, str]:
    """Return the generated modules by their path below `connectly_api`."""
    package = ROOT / "connectly_api"
    twins = [twin for output in OUTPUTS.values() for twin in output.twins]
    names = {module for twin in twins for module, _ in ((twin.module, ""), *twin.mixins)} - {"replies"}
    sources = {
        name: read_source(f"connectly_api.{name}", (package / f"{name.replace('.', '/')}.py").read_text("utf-8"))
        for name in sorted(names)
    }
    replies = write_replies(sources["client"])
    sources["client"] = read_source(sources["client"].name, (package / "client.py").read_text("utf-8"))
    sources["replies"] = read_source("connectly_api.replies", replies)
    return {"replies.py": replies, **{path: write_twins(output, sources) for path, output in OUTPUTS.items()}}


def main(arguments: list[str]) -> int:
    """Write the generated modules, or compare them."""
    stale: list[str] = []
    for name, text in generate().items():
        path = ROOT / "connectly_api" / name
        if path.exists() and path.read_text("utf-8") == text:
            continue
        stale.append(f"connectly_api/{name}")
        if "--check" not in arguments:
            path.write_text(text, "utf-8")
    if stale and "--check" in arguments:
        print(f"not up to date: {', '.join(stale)}; run `{COMMAND}`", file=sys.stderr)  # noqa: T201
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
