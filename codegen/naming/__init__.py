"""Names everything in a document: with the names that are published, or else with new, unique ones. Pure."""
