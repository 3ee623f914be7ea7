"""Async Python SDK for Connectly's Message API."""
