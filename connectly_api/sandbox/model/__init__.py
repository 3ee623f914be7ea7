"""The data of a sandbox: `settings`, which are fixed, and `state`, which changes. Pure.

Decisions read settings and state and return changes (`state_changes`). `State.apply` is the only way to change a state,
so the same changes lead to the same state. `exchange` defines a request and the decision on it, `records` what is kept
for inspection, and `documents` its JSON. Ids are drawn from the seed (`ids`), never at random.
"""
