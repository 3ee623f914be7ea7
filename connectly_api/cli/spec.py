"""`connectly spec`: what the vendored Swagger file says, that this version was generated from."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from connectly_api.cli.exit_codes import CommandLineError
from connectly_api.cli.output import say, say_bytes, say_json, say_table
from connectly_api.cli.swagger import Operation, load

__all__ = ["app"]

app = typer.Typer(help="The Swagger file that this version was generated from.", invoke_without_command=True)

Json = Annotated[bool, typer.Option("--json", help="Print JSON, errors included.")]


@app.callback()
def _facts(context: typer.Context, *, is_json: Json = False) -> None:
    """The Swagger file that this version was generated from: facts, operations, the file itself."""
    if context.invoked_subcommand is not None:
        return
    specification = load()
    if is_json:
        say_json(specification.document())
        return
    say(f"{specification.title}, version {specification.version}")
    say(f"sha256 {specification.sha256}")
    say("")
    say_table(("operation", "method", "path"), [(one.name, one.method, one.path) for one in specification.operations])


@app.command("show")
def _show(
    operation: Annotated[
        str, typer.Argument(metavar="OPERATION", help="Its id, or the name of the low-level function.")
    ],
    *,
    is_json: Json = False,
) -> None:
    """Show one operation: its parameters, its body field by field, its answers."""
    specification = load()
    found = specification.find(operation)
    if found is None:
        known = ", ".join(one.name for one in specification.operations)
        raise CommandLineError(f"OPERATION: there is no such; there are {known}")
    if is_json:
        say_json(found.document())
    else:
        _say_operation(found)


@app.command("file")
def _file() -> None:
    """Print the file, byte for byte."""
    say_bytes(load().content)


def _say_operation(found: Operation) -> None:
    say(f"{found.method} {found.path}")
    say(f"operation {found.id}, low-level function {found.name}")
    if found.summary:
        say(found.summary)
    for title, fields in (("parameters", found.parameters), ("body", found.body)):
        if fields:
            say("")
            say(f"{title}:")
            say_table(("field", "type", "", "about"), [_row(one) for one in fields])
    say("")
    say("answers:")
    say_table(("status", "about"), list(found.answers.items()))


def _row(one: dict[str, Any]) -> tuple[str, str, str, str]:
    return one["field"], one["type"], "required" if one["required"] else "", one["about"]
