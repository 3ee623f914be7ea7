"""The Swagger files of these tests, whole and in parts, and the trees that are generated from them."""

from __future__ import annotations

import copy
import functools
import importlib
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from codegen import overlay
from codegen.generate import Layout, build, write_tree
from codegen.naming import NO_NAMES, Named, NameTable, name_document
from codegen.spec.document import Json, load
from codegen.spec.to_openapi import convert

ROOT = Path(__file__).resolve().parent.parent.parent
DATA = Path(__file__).resolve().parent / "data"
VENDORED = "service.swagger"
"""A copy of the vendored file, frozen: a new file of the vendor must not fail the tests of the tool."""

TABLE = DATA / "names.json"
"""The table of names that belongs to the frozen copy."""

NAMES = sorted(path.stem for path in (DATA / "swagger").glob("*.json"))


def swagger_path(name: str) -> Path:
    """Return where a Swagger file is."""
    return DATA / "swagger" / f"{name}.json"


def swagger(name: str) -> Json:
    """Return a Swagger file, decoded."""
    return load(swagger_path(name).read_bytes())


def prepared(document: Json) -> Json:
    """Return what the generator is given for a Swagger document that is not the vendored one."""
    return prepare(document, NO_NAMES).document


def prepare(document: Json, table: NameTable) -> Named:
    """Return what the generator is given for a Swagger document, and the names, with those of a table kept."""
    return name_document(overlay.apply(convert(document)), table)


def small(
    *, operation: Json | None = None, definitions: Json | None = None, path: str = "/v1/things", **root: Any
) -> Json:
    """Return a Swagger document of one operation."""
    fields = {
        "operationId": "ThingService_GetThing",
        "tags": ["ThingService"],
        "responses": {"200": {"description": "Fine.", "schema": {"type": "object"}}},
        **copy.deepcopy(operation or {}),
    }
    return {
        "swagger": "2.0",
        "info": {"title": "thing.proto", "version": "1"},
        "consumes": ["application/json"],
        "produces": ["application/json"],
        "paths": {path: {"get": fields}},
        "definitions": copy.deepcopy(definitions or {}),
        **root,
    }


def freeze(root: Path) -> None:
    """Put the frozen file, its table of names and its tree in the place of a checkout's own."""
    shutil.copytree(ROOT / "requirements", root / "requirements", dirs_exist_ok=True)
    shutil.copy(swagger_path(VENDORED), root / "service.swagger.json")
    (root / "codegen").mkdir(exist_ok=True)
    shutil.copy(TABLE, root / "codegen" / "names.json")
    write_tree(frozen_tree(), Layout.of(root).out)


@functools.cache
def frozen_tree() -> Mapping[str, bytes]:
    """Return the tree that the frozen file and its table make."""
    return build(Layout(ROOT, swagger_path(VENDORED), ROOT / "connectly_api" / "lowlevel", TABLE)).files


def build_rpc_status() -> Json:
    """Return the definitions with which protoc-gen-openapiv2 describes an error."""
    return {
        "rpcStatus": {
            "type": "object",
            "properties": {
                "code": {"type": "integer", "format": "int32"},
                "message": {"type": "string"},
                "details": {"type": "array", "items": {"type": "object", "$ref": "#/definitions/protobufAny"}},
            },
        },
        "protobufAny": {"type": "object", "properties": {"@type": {"type": "string"}}, "additionalProperties": {}},
    }


def model(properties: Json, **more: Any) -> Json:
    """Return a Swagger document with one definition, `v1Thing`, of these properties."""
    return small(definitions={"v1Thing": {"type": "object", "properties": properties, **more}})


def importable(name: str, layout: Layout, folder: Path) -> ModuleType:
    """Generate a tree into a folder, under a name of its own, and import it."""
    write_tree(build(layout).files, folder / name)
    sys.path.insert(0, str(folder))
    try:
        importlib.invalidate_caches()
        return importlib.import_module(name)
    finally:
        sys.path.remove(str(folder))
