"""Webhooks: their bodies, who gets them, and each attempt to deliver one."""
