"""Runs the pinned generator on a prepared document, with this package's templates."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, cast

import jinja2
from openapi_python_client import Project
from openapi_python_client.config import Config, ConfigFile, MetaType
from openapi_python_client.parser import GeneratorData
from openapi_python_client.parser.errors import GeneratorError

from codegen.render import context, docstrings
from codegen.render.literals import literal
from codegen.spec import ascii_names as names
from codegen.spec.document import CodegenError, Json
from codegen.spec.traverse import Operation, leave_out, operations

UNUSED = ("client.py", "errors.py", "types.py")
"""Files that the generator always writes, a client, errors and types, which this package replaces with its own."""

_TEMPLATES = Path(__file__).resolve().parent / "templates"


def render(document: Json, directory: Path) -> None:
    """Write the generated tree, unformatted, to a new directory.

    Args:
        document: A document in which everything has its Python name. Operations that the generator or the templates
            cannot express are left out of it; it lists them.
        directory: The directory.

    Raises:
        CodegenError: The generator printed a warning about a schema, or no template supports one.
    """
    # Nothing in the settings depends on the machine.
    file = ConfigFile(post_hooks=[], literal_enums=True, field_prefix=names.PREFIX)
    settings = Config.from_sources(file, MetaType.NONE, directory, "utf-8", overwrite=False, output_path=directory)
    data = _parse(document, settings)
    while problems := list(_find_problems(document, data)):
        for operation, reason in problems:
            leave_out(document, operation, reason)
        data = _parse(document, settings)
    project = Project(openapi=data, config=settings, custom_template_path=_TEMPLATES)
    project.env.undefined = jinja2.StrictUndefined
    given: Any = {"view": context.View(document, data), "context": context, "docs": docstrings, "literal": literal}
    project.env.globals.update(given)
    with contextlib.redirect_stdout(io.StringIO()):
        _check(project.build())
    for name in UNUSED:
        (directory / name).unlink()


def _parse(document: Json, settings: Config) -> GeneratorData:
    data = GeneratorData.from_dict(document, config=settings)
    _check([data] if isinstance(data, GeneratorError) else data.errors)
    return cast("GeneratorData", data)


def _find_problems(document: Json, data: GeneratorData) -> Iterator[tuple[Operation, str]]:
    """Yield the operations that cannot be expressed, each with the reason."""
    view = context.View(document, data)
    collections = data.endpoint_collections_by_tag.values()
    endpoints = {str(endpoint.name): endpoint for collection in collections for endpoint in collection.endpoints}
    complaints = [complaint for collection in collections for complaint in collection.parse_errors]
    for operation in operations(document):
        start = f"WARNING parsing {operation.method.upper()} {operation.path} within "
        reasons = [str(complaint.detail) for complaint in complaints if complaint.header.startswith(start)]
        if not reasons:
            try:
                view.call(endpoints[operation.fields["operationId"]])
            except CodegenError as error:
                reasons = [str(error)]
        if reasons:
            yield operation, "; ".join(reasons)


def _check(complaints: Iterable[GeneratorError]) -> None:
    texts = [f"{one.level.value}: {one.header} {one.detail or ''}".strip() for one in complaints]
    if texts:
        raise CodegenError("\n".join(["the generator left something out:", *texts]))
