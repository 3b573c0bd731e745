"""Corpus, bug injection, training and GGUF export of the embedded model."""
