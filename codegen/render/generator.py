"""Runs the pinned generator on a prepared document, with this package's templates."""

from __future__ import annotations

import contextlib
import copy
import io
from collections.abc import Iterable
from pathlib import Path
from typing import Any, cast

import jinja2
from openapi_python_client import Project
from openapi_python_client.config import Config, MetaType
from openapi_python_client.parser import GeneratorData
from openapi_python_client.parser.errors import GeneratorError

from codegen.render.context import View
from codegen.spec import ascii_names as names
from codegen.spec.document import CodegenError, Json

UNUSED = ("client.py", "errors.py", "types.py")
"""Files that the generator always writes, a client, errors and types, which this package replaces with its own."""

_TEMPLATES = Path(__file__).resolve().parent / "templates"


def render(document: Json, directory: Path) -> None:
    """Write the generated tree, unformatted, to a new directory.

    Raises:
        CodegenError: The generator printed a warning, which means that it left something out.
    """
    settings = config(directory)
    data = GeneratorData.from_dict(copy.deepcopy(document), config=settings)
    if isinstance(data, GeneratorError):
        raise _complaint([data])
    left_out = [error for tag in data.endpoint_collections_by_tag.values() for error in tag.parse_errors] + data.errors
    if left_out:
        raise _complaint(left_out)
    project = Project(openapi=data, config=settings, custom_template_path=_TEMPLATES)
    project.env.undefined = jinja2.StrictUndefined
    project.env.globals.update({"view": cast("Any", View.of(document, data))})
    with contextlib.redirect_stdout(io.StringIO()):
        complaints = list(project.build())
    if complaints:
        raise _complaint(complaints)
    for name in UNUSED:
        (directory / name).unlink()


def config(directory: Path) -> Config:
    """Return the generator's settings, with everything that could depend on the machine turned off."""
    return Config(
        meta_type=MetaType.NONE,
        class_overrides={},
        project_name_override="lowlevel",
        package_name_override="lowlevel",
        package_version_override=None,
        use_path_prefixes_for_title_model_names=True,
        post_hooks=[],
        docstrings_on_attributes=False,
        field_prefix=names.PREFIX,
        generate_all_tags=False,
        http_timeout=1,
        literal_enums=True,
        document_source=directory,
        file_encoding="utf-8",
        content_type_overrides={},
        overwrite=False,
        output_path=directory,
    )


def _complaint(complaints: Iterable[GeneratorError]) -> CodegenError:
    texts = [
        f"{complaint.level.value}: {complaint.header} {complaint.detail or ''}".strip() for complaint in complaints
    ]
    return CodegenError("the generator left something out:\n" + "\n".join(texts))
