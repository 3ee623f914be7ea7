"""The sandbox over HTTP: the service's routes, the control interface, and the server."""
