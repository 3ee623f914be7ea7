# Generated from service.swagger.json by "python -m codegen generate": do not edit.
from __future__ import annotations

import typing as _typing

AttachmentType: _typing.TypeAlias = _typing.Literal["audio", "document", "image", "video"]
"""`v1AttachmentType` of the service's Swagger file.

The values that are known; the service may return others.
"""
