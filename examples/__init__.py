"""Programs that use the package as a reader of the documentation would."""
