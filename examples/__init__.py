"""Programs that use the package the way the documentation shows."""
