"""Shortens and redacts what a sandbox keeps and shows of texts that others wrote."""

from __future__ import annotations

from typing import Final

REDACTED: Final = "[redacted]"
"""Stands for a key or a secret."""


def clip(text: str, longest: int) -> str:
    """Return a text without its middle if it is too long."""
    if len(text) <= longest:
        return text
    return f"{text[: longest // 2]} […] {text[-(longest // 2) :]}"
