"""Writes the code of a document whose names are final, with a pinned openapi-python-client and our templates."""
