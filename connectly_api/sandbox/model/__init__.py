"""What the sandbox is set up with and what it remembers: settings, state, changes. Pure."""
