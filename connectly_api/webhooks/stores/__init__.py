"""Stores remember which events were handled, so that each is handled once."""
