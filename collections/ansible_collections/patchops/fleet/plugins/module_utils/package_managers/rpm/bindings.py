# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ask dnf through its Python bindings, in whatever interpreter of the host has them."""

import json
import os
import pkgutil
import subprocess
import sys
from types import ModuleType
from typing import Any, Callable, Dict, List, Optional, Tuple, cast

from ansible_collections.patchops.fleet.plugins.module_utils import process
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.base import DriverError
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.rpm.inside import (
    answering,
    planning,
    records,
    refusal,
    signatures,
)
from ansible_collections.patchops.fleet.plugins.module_utils.versions import numbers
from ansible_collections.patchops.fleet.plugins.module_utils.versions import rpm as versions

# What every inside is built on; sent first.
SHARED = (numbers, versions, refusal, answering, records, planning, signatures)

# RHEL 8 has dnf in its platform-python only, which newer versions of ansible-core no longer run on.
_INTERPRETERS = ("/usr/libexec/platform-python", "/usr/bin/python3", sys.executable)
_NO_BINDINGS = 97
_TIME_LIMIT = 1800
_DOWNLOAD_LIMIT = 4 * 3600  # a slow line is no error; the caller's patience is another matter
# They arrive by standard input and go by their full names, so that they can import one another.
_START = """\
import json, sys, types
try:
    import {bindings}
except ImportError:
    sys.exit({no_bindings})
sent = json.load(sys.stdin)
for name, source in sent["modules"]:
    module = sys.modules[name] = types.ModuleType(name)
    exec(compile(source, name, "exec"), module.__dict__)
    parent, _, child = name.rpartition(".")
    setattr(sys.modules.setdefault(parent, types.ModuleType(parent)), child, module)
module.main(sent["request"])
"""


class Bindings:
    """Finds the interpreter once.

    `manager`: what is asked, for messages; `imports`: the bindings' module; `package`: what brings it;
    `modules`: what is sent, each after those that it imports, the one with `main` last.
    """

    def __init__(self, manager: str, imports: str, package: str, modules: Tuple[ModuleType, ...]) -> None:
        self._manager = manager
        self._start = _START.format(bindings=imports, no_bindings=_NO_BINDINGS)
        self._package = package
        self._modules = [module.__name__ for module in modules]
        self._interpreter: Optional[str] = None

    def ask(self, action: str, **arguments: Any) -> Any:
        """Return dnf's answer (see inside/main.py); raises DriverError."""
        question = self._question(action, arguments)
        limit = _DOWNLOAD_LIMIT if action == "download" else _TIME_LIMIT
        result = self._each(lambda argv: process.run(argv, timeout=limit, stdin=question))
        return self._answer(action, result)

    def change(self, log: str, action: str, **arguments: Any) -> Any:
        """The same for what changes packages: no time limit, what is printed is added to the file `log`.

        It goes on when the caller dies; to kill it half-way would harm more than to wait.
        """
        question = self._question(action, arguments)
        with open(log, "ab") as stream:
            stream.write(f"\n+ dnf: {action}\n".encode("utf-8"))
            stream.flush()
            result = self._each(lambda argv: _run_to_its_end(argv, question, stream))
            return self._answer(action, result, log)

    def _each(self, run: Callable[[List[str]], process.Result]) -> process.Result:
        candidates = (self._interpreter,) if self._interpreter else _INTERPRETERS
        for interpreter in candidates:
            if not interpreter or not os.path.exists(interpreter):
                continue
            result = run([interpreter, "-I", "-c", self._start])
            if result.rc not in (_NO_BINDINGS, process.NOT_FOUND):
                self._interpreter = interpreter
                return result
        raise DriverError(
            "unsupported_platform",
            f"No Python of the host can use {self._manager}: looked in "
            + ", ".join(sorted(set(_INTERPRETERS)))
            + ".",
            f"Install the package {self._package}; Ansible's own module for {self._manager} needs it too.",
        )

    def _question(self, action: str, arguments: Dict[str, Any]) -> str:
        modules: List[Tuple[str, str]] = [(name, _source(name)) for name in self._modules]
        request = dict(arguments, action=action)
        return json.dumps({"modules": modules, "request": request})

    def _answer(self, action: str, result: process.Result, log: str = "") -> Any:
        try:
            answer = json.loads(result.stdout)
        except ValueError:
            raise self._unanswered(action, result, log)
        if "refusal" in answer:
            refusal = answer["refusal"]
            code = refusal["code"] or ("install_failed" if log else "repository_unreadable")
            raise DriverError(code, refusal["message"], refusal["remedy"])
        return answer["answer"]

    def _unanswered(self, action: str, result: process.Result, log: str) -> DriverError:
        if log:
            how = f"was killed (signal {-result.rc})" if result.rc < 0 else f"ended with {result.rc}"
            message = f"{self._manager} {how} while it changed packages."
            return DriverError("install_failed", message, f"See {log}.")
        last = " ".join(result.stderr.strip().split("\n")[-3:]) or "it said nothing"
        return DriverError(
            "internal_error",
            f"{self._manager} ended without an answer ({action}, exit code {result.rc}): {last}",
            f"Run {self._manager} check and {self._manager} makecache on the host and repair what they "
            "complain about.",
        )


def _source(name: str) -> str:
    # The module may come from Ansible's zip, the worker's zip, or a directory.
    package, _dot, module = name.rpartition(".")
    return cast(bytes, pkgutil.get_data(package, f"{module}.py")).decode("utf-8")


def _run_to_its_end(argv: List[str], question: str, log: Any) -> process.Result:
    running = subprocess.Popen(
        argv,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=log,
        env=process.environment(),
        cwd="/",
        start_new_session=True,
    )
    output, _nothing = running.communicate(question.encode("utf-8"))
    return process.Result(running.returncode, output.decode("utf-8", "replace"), "")
