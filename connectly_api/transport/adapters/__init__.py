"""The adapters: each implements `Transport` with one HTTP library, or with none."""
