"""The product's one evaluator of IAM policies: document → patterns, conditions → verdict → words.

Follows https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html; tests/policy holds it
to a simulator that is not ours. What it cannot decide stays an open condition, never a "no": docs/access.md.
"""
