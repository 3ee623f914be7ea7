"""Measurements of what the documentation claims, side by side in one run."""
