"""Generates `connectly_api/lowlevel` from the vendor's Swagger file, offline and byte for byte reproducible."""
