"""Takes back what a project's pytest options ask for and one program in a sandbox has no use for.

That is other processes, repeated tests, coverage and report files. The plugins that bring such options
stay until these are read, as an option that nobody knows ends pytest.
"""

from __future__ import annotations

from typing import Any, Callable, Dict, Iterator, Tuple

try:
    from pytest import hookimpl
except ImportError:  # then no plugin is ever registered

    def hookimpl(**_options: Any) -> Callable[[Any], Any]:  # type: ignore[misc,no-redef,unused-ignore]
        """Leaves a function as it is."""
        return lambda function: function


INERT: Dict[str, Any] = {
    "dist": "no", "tx": [], "numprocesses": None, "forked": False, "cov_source": [],
    "xmlpath": None, "htmlpath": None, "pastebin": None, "usepdb": False, "trace": False,
    "maxfail": 0,
}  # fmt: skip
"""Options of pytest, xdist, forked, pytest-cov and pytest-html, with the values that turn them off."""


class Calm:
    """A pytest plugin."""

    off: Tuple[str, ...] = ("rerunfailures",)
    """Plugins that leave once the options are read."""

    @hookimpl(hookwrapper=True)
    def pytest_load_initial_conftests(self, early_config: Any) -> Iterator[None]:
        """Before pytest-cov looks, which would start to measure at once."""
        early_config.known_args_namespace.cov_source = []
        yield

    @hookimpl(tryfirst=True)
    def pytest_cmdline_main(self, config: Any) -> None:
        """After the options are read, before any plugin is configured."""
        self.calm(config)

    def calm(self, config: Any) -> None:
        """What `pytest_cmdline_main` does, for a session that is driven without it."""
        for name in self.off:
            if config.pluginmanager.hasplugin(name):
                config.pluginmanager.unregister(name=name)
        for name, value in INERT.items():
            if hasattr(config.option, name):
                setattr(config.option, name, value)
