# Generated from service.swagger.json by "python -m codegen generate": do not edit.
"""Operations of the service's Swagger file."""
