# Generated from service.swagger.json by "python -m codegen generate": do not edit.
from __future__ import annotations

import typing as _typing

OrderStrategy: _typing.TypeAlias = str
"""`v1OrderStrategy` of the service's Swagger file.

No value of it is known yet.
"""
