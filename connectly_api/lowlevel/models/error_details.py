# Generated from service.swagger.json by "python -m codegen generate": do not edit.
from __future__ import annotations

import typing as _typing

ErrorDetails: _typing.TypeAlias = dict[str, _typing.Any]
"""Defined in place by the Swagger file."""
