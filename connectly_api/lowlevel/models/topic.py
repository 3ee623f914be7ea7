# Generated from service.swagger.json by "python -m codegen generate": do not edit.
from __future__ import annotations

import typing as _typing

Topic: _typing.TypeAlias = _typing.Literal["delivery_status", "messages", "report"]
"""Topics a business can register webhooks for.

`v1Topic` of the service's Swagger file.

The values that are known; the service may return others.
"""
