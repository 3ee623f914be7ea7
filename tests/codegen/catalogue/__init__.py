"""The catalogue: changes that the vendor could make, and what each has to lead to."""

from __future__ import annotations

from tests.codegen.catalogue import content, hostile, service_rows, style

__all__ = ["ROWS"]

ROWS = (*content.ROWS, *service_rows.ROWS, *style.ROWS, *hostile.ROWS)
"""Every row."""
