# Generated from service.swagger.json by "python -m codegen generate": do not edit.
from __future__ import annotations

import typing as _typing

WebhookType: _typing.TypeAlias = _typing.Literal["custom", "integromat_make", "webengage", "zapier"]
"""`v1WebhookType` of the service's Swagger file.

The values that are known; the service may return others.
"""
