"""One adapter for each way to exchange a request for a response."""
