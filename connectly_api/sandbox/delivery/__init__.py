"""Webhooks: who gets which event, what it looks like, and how it is delivered.

`payloads` builds the body of an event. `statuses` schedules an event for the registrations that want it, and takes a
message from status to status. When a webhook is due, `attempts` decides what is sent, applies fault rules, and decides
on the response. All of that is pure; only `webhook_sender` sends anything, when the engine tells it to.
"""
