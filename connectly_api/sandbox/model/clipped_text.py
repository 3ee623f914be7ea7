"""Shortens what a sandbox keeps and shows of texts that may have any length."""

from __future__ import annotations


def clip(text: str, longest: int) -> str:
    """Return a text without its middle if it is too long."""
    if len(text) <= longest:
        return text
    return f"{text[: longest // 2]} […] {text[-(longest // 2) :]}"
