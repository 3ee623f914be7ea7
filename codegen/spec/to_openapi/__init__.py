"""Converts Swagger 2.0 to OpenAPI 3.0, which the generator reads. Pure."""

from codegen.spec.to_openapi.service import convert

__all__ = ["convert"]
