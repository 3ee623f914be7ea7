"""What can be sent: one frozen value for each kind of message, its limits, and its form on the wire. Pure."""
