"""Turns the vendored Swagger file into `connectly_api/lowlevel`: offline, and to the same bytes everywhere."""
