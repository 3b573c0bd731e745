"""Prompt dialects: how a model is told about a failing function."""
