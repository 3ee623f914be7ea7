"""The sandbox's HTTP: the API, the control interface, and the server."""
