"""Everything coderepair raises on purpose, drawn as a tree.

CodeRepairError                 shown to a person as one line, no traceback
├── UsageError                  exit 2: the command line or a setting is wrong
│   └── ConfigError             exit 2: a configuration file holds something unknown or of a wrong type
├── TestsNotRunnable            exit 4: no tests found, collection or import error
│   └── FlakyTests              exit 4: two runs of the same program disagree
├── EngineError                 exit 3: something of ours broke
│   ├── SandboxError            the sandbox itself failed (a failing candidate is a report, never this)
│   ├── StoreError              a run log cannot be read or written
│   └── PolicyError             a model cannot be loaded or asked
│       ├── ModelFileError      missing, truncated, of a wrong kind, or too large for memory
│       ├── ContextOverflow     the prompt is longer than the model's context
│       └── EndpointError       an HTTP server does not answer, or answers nonsense
└── EditError                   a model's reply holds no usable edit; the text is fit to show a model
"""

from __future__ import annotations

EXIT_OK = 0
EXIT_FAILING = 1
EXIT_USAGE = 2
EXIT_ENGINE = 3
EXIT_NOT_RUNNABLE = 4
EXIT_INTERRUPTED = 130


class CodeRepairError(Exception):
    """Base of all errors meant for people: one line that says what is wrong and what mends it."""

    exit_code: int = EXIT_ENGINE


class UsageError(CodeRepairError):
    """The command line asks for something that cannot be done."""

    exit_code = EXIT_USAGE


class ConfigError(UsageError):
    """A configuration file holds an unknown key or a value of the wrong type."""


class TestsNotRunnable(CodeRepairError):
    """The tests could not be run at all: none found, or they cannot be collected or imported."""

    __test__ = False
    exit_code = EXIT_NOT_RUNNABLE


class FlakyTests(TestsNotRunnable):
    """Two runs of the same program gave different outcomes."""


class EngineError(CodeRepairError):
    """Something of coderepair's own broke."""


class SandboxError(EngineError):
    """The sandbox failed; nothing can be said about the candidate."""


class StoreError(EngineError):
    """A run log cannot be read or written."""


class PolicyError(EngineError):
    """A model cannot be loaded or asked."""


class ModelFileError(PolicyError):
    """A model file is missing, truncated, of a wrong kind, or too large for the memory there is."""


class ContextOverflow(PolicyError):
    """A prompt is longer than the model's context; the numbers are in the message."""


class EndpointError(PolicyError):
    """An OpenAI-compatible server cannot be reached or gave an answer that is none."""


class EditError(CodeRepairError):
    """A model's reply holds no usable edit. The text may be shown to the model."""
