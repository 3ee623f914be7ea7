"""The service itself: a request and the state become a response and changes. Pure."""
