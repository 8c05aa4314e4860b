"""What a change means for people: who gains and who loses what. And what must never be: invariants.

Decided exactly, by running the one evaluator on every class of requests that the policies' own patterns and conditions
can tell apart: docs/decisions.
"""
