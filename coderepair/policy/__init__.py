"""Who completes or scores text: one file a backend, behind `coderepair.contracts.Policy`."""

from coderepair.policy.open import BACKENDS, Policies, open_policies, open_policy, resolve_model

__all__ = ["BACKENDS", "Policies", "open_policies", "open_policy", "resolve_model"]
