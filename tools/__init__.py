"""Tools for maintainers of this project."""
