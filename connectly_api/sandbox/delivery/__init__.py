"""Webhooks: which registration gets an event, its body, and its delivery.

`payloads` builds the body of an event. `statuses` schedules an event for the registrations that want it, and moves
a message from status to status. When a webhook is due, `attempts` decides what is sent, applies fault rules, and
handles the response. All of that is pure; only `webhook_sender` sends anything, on behalf of the engine.
"""
