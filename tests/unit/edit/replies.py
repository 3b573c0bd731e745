"""Replies as chat models of 0.5 to 7 B parameters write them, and what each must come to.

Each reply is about `FUNCTION_FILE` (target `mean`) or `CLASS_FILE` (target `Stack.pop`).
"""

from __future__ import annotations

FUNCTION_FILE = '''\
"""Statistics."""
import os


def mean(values):
    """Average of some numbers."""
    total = 0
    for v in values:
        total += v
    return total / (len(values) - 1)


def spread(values):
    return max(values) - min(values)
'''

CLASS_FILE = '''\
class Stack:
    """Last in, first out."""

    def __init__(self):
        self.items = []

    @property
    def size(self):
        return len(self.items)

    def pop(self, index=-1):
        if not self.items:
            return None
        return self.items.pop(0)  # FIXME
'''

MEAN = '''\
def mean(values):
    """Average of some numbers."""
    total = 0
    for v in values:
        total += v
    return total / len(values)'''

POP = """\
    def pop(self, index=-1):
        if not self.items:
            return None
        return self.items.pop()"""

FUNCTION_REPLIES: dict[str, tuple[str, str]] = {
    "plain_fence": (f"```python\n{MEAN}\n```", MEAN),
    "prose_around": (
        (
            f"The bug is the `- 1`. Here is the fix:\n\n```python\n{MEAN}\n```\n\nNow it divides by the "
            "number of values. Let me know if you have questions!"
        ),
        MEAN,
    ),
    "no_language": (f"```\n{MEAN}\n```", MEAN),
    "py_label_and_tildes": (f"~~~py\n{MEAN}\n~~~", MEAN),
    "unclosed_fence": (f"Sure:\n```python\n{MEAN}\n", MEAN),
    "fence_with_attributes": (f'```python title="stats.py"\n{MEAN}\n```', MEAN),
    "indented_fence_in_a_list": (
        "1. Fix:\n\n   ```python\n"
        + "\n".join(f"   {line}" for line in MEAN.split("\n"))
        + "\n   ```",
        MEAN,
    ),
    "no_fence": (MEAN, MEAN),
    "no_fence_prose_around": (
        f"Here is the corrected function:\n\n{MEAN}\n\nThis divides by the number of values.",
        MEAN,
    ),
    "original_then_fixed": (
        "You have:\n```python\n" + MEAN.replace("len(values)", "(len(values) - 1)") + "\n```\n"
        f"It should be:\n```python\n{MEAN}\n```",
        MEAN,
    ),
    "fixed_then_original": (
        f"```python\n{MEAN}\n```\ninstead of\n```python\n"
        + MEAN.replace("len(values)", "(len(values) - 1)")
        + "\n```",
        MEAN,
    ),
    "two_attempts_the_last_counts": (
        (
            "```python\ndef mean(values):\n    return sum(values)\n```\nWait, that is wrong.\n"
            f"```python\n{MEAN}\n```"
        ),
        MEAN,
    ),
    "then_a_usage_example": (
        f"```python\n{MEAN}\n```\nUsage:\n```python\nprint(mean([1, 2, 3]))\n```",
        MEAN,
    ),
    "then_an_output_block": (f"```python\n{MEAN}\n```\n```text\ndef mean(): 2.0\n```", MEAN),
    "tests_in_the_same_block": (
        f"```python\n{MEAN}\n\nassert mean([1, 2, 3]) == 2\nprint('ok')\n```",
        MEAN,
    ),
    "whole_file": (
        "```python\n" + FUNCTION_FILE.replace("(len(values) - 1)", "len(values)") + "```",
        MEAN,
    ),
    "everything_indented": (
        "```python\n" + "\n".join(f"    {line}" for line in MEAN.split("\n")) + "\n```",
        MEAN,
    ),
    "tabs": ("```python\n" + MEAN.replace("    ", "\t") + "\n```", MEAN),
    "inside_a_class": (
        "```python\nclass Solution:\n"
        + "\n".join(f"    {line}" for line in MEAN.split("\n"))
        + "\n```",
        MEAN,
    ),
    "thinking_first": (
        (
            "<think>\nMaybe:\n```python\ndef mean(values):\n    return 0\n```\nNo.\n</think>\n"
            f"```python\n{MEAN}\n```"
        ),
        MEAN,
    ),
    "windows_newlines": (f"```python\n{MEAN}\n```".replace("\n", "\r\n"), MEAN),
    "type_hints_added": (
        "```python\ndef mean(values: list[float]) -> float:\n    return sum(values) / len(values)\n```",
        "def mean(values: list[float]) -> float:\n    return sum(values) / len(values)",
    ),
    "broken_block_around_a_good_function": (
        f"```python\nthe fixed function is:\n{MEAN}\n\nand then call it (like this\n```",
        MEAN,
    ),
    "signs_of_elision_inside_strings": (
        '```python\ndef mean(values):\n    text = "# rest unchanged ..."\n    return len(text)\n```',
        'def mean(values):\n    text = "# rest unchanged ..."\n    return len(text)',
    ),
}
"""Name -> reply about `mean`, text of the region after it."""

CLASS_REPLIES: dict[str, tuple[str, str]] = {
    "method_without_class": (
        (
            "```python\ndef pop(self, index=-1):\n    if not self.items:\n        return None\n"
            "    return self.items.pop()\n```"
        ),
        POP,
    ),
    "method_as_indented_in_the_file": (f"```python\n{POP}\n```", POP),
    "first_line_lost_its_indentation": (f"```python\n{POP.lstrip()}\n```", POP),
    "two_spaces": (f"```python\n{POP.replace('    ', '  ')}\n```", POP),
    "whole_class": (
        "```python\n" + CLASS_FILE.replace("pop(0)  # FIXME", "pop()") + "```",
        POP,
    ),
    "other_methods_too": (
        f"```python\nclass Stack:\n{POP}\n\n    def push(self, item):\n        self.items.append(item)\n```",
        POP,
    ),
}
"""Name -> reply about `Stack.pop`, text of the region after it."""

REFUSED: dict[str, tuple[str, str]] = {
    "empty": ("", "reply is empty"),
    "white_space": (" \n\n", "reply is empty"),
    "an_apology": ("I'm sorry, I can't help with that.", "no definition of mean"),
    "only_a_line": ("```python\nreturn total / len(values)\n```", "no definition of mean"),
    "renamed": (f"```python\n{MEAN.replace('mean', 'average')}\n```", "average instead of mean"),
    "another_function": ("```python\ndef spread(values):\n    return 0\n```", "spread instead of"),
    "unchanged": (
        "```python\n" + MEAN.replace("len(values)", "(len(values) - 1)") + "\n```",
        "nothing",
    ),
    "only_reformatted": (
        "```python\n" + MEAN.replace("len(values)", "( len( values )-1 )") + "\n```",
        "nothing changed",
    ),
    "ellipsis": ("```python\ndef mean(values):\n    ...\n    return 1\n```", "leaves out"),
    "rest_unchanged": (
        "```python\ndef mean(values):\n    # ... rest of the function unchanged ...\n    return 1\n```",
        "leaves out",
    ),
    "existing_code": (
        "```python\ndef mean(values):\n    # existing code\n    return total / len(values)\n```",
        "leaves out",
    ),
    "same_as_before": (
        "```python\ndef mean(values):\n    total = 0\n    # (same as before)\n    return total\n```",
        "leaves out",
    ),
    "cut_off": (f"```python\n{MEAN[:-1]}", "not valid Python or was cut off"),
    "missing_colon": (
        f"```python\n{MEAN.replace('values):', 'values)', 1)}\n```",
        "not valid Python",
    ),
    "body_not_indented": ("```python\ndef mean(values):\nreturn 1\n```", "not valid Python"),
    "return_outside": (
        "```python\ndef mean(values):\n    break\n```",
        "not valid Python: 'break' outside loop",
    ),
    "python_2": (
        "```python\ndef mean(values):\n    print 'x'\n    return 1\n```",
        "not valid Python",
    ),
    "only_a_diff": (
        "```diff\n-    return total / (len(values) - 1)\n+    return total / len(values)\n```",
        "no definition of mean",
    ),
    "thinking_without_end": (f"<think>\n```python\n{MEAN}\n```", "no definition of mean|empty"),
}
"""Name -> reply about `mean` that holds no usable edit, part of what is said about it."""
