"""The home of the language server, which is not part of this release; see `lsp/README.md`."""
