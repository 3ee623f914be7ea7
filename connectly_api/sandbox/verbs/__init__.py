"""What customers and tests do: a verb and the state become changes. Pure."""
