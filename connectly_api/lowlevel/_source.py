# Generated from service.swagger.json by "python -m codegen generate": do not edit.
"""What this tree was generated from, and with what."""

from __future__ import annotations

from typing import Final

SWAGGER_SHA256: Final = "dd6af08429367dbd244bbb7a1d354c72f7b570394e905332561bc3a2fd5d4825"
GENERATOR: Final = "openapi-python-client 0.29.1"
FORMATTER: Final = "ruff 0.17.5"
