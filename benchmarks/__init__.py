"""Measures what the documentation claims, next to other packages in one run."""
