"""What a model is shown about a node of the tree: one small module for each kind of evidence."""

from coderepair.feedback.build import build, build_for_edits, build_rewrite

__all__ = ["build", "build_for_edits", "build_rewrite"]
