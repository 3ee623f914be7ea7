"""Reads the vendor's file: from a path or an address, to JSON, to OpenAPI 3.0."""
