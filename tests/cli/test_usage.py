"""What the parser says of a command line is said in words of ours, whatever it is."""

from __future__ import annotations

import typer

from connectly_api.cli.usage_errors import explain_usage


def test_what_is_new_in_the_parser_is_told_without_its_text() -> None:
    assert explain_usage(typer.TyperException("kestrel"), ["kestrel"]) == (
        "This command line cannot be used",
        "connectly",
    )
