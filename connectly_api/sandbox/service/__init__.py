"""The service: a request and the state become a decision, with a response and changes. Pure.

`decision.decide` checks the request against the Swagger file and calls the operation's function in `handlers`, which
uses the rules of `participants`, `content_rules`, `content_limits` and `registration_rules`. `faults.apply_faults` then
changes the decision if a fault rule is triggered.
"""
