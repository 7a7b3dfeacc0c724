# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ask dnf through its Python bindings, in whatever interpreter of the host has them."""

import json
import os
import pkgutil
import sys
from types import ModuleType
from typing import IO, Any, Dict, List, Optional, Tuple, cast

from ansible_collections.patchops.fleet.plugins.module_utils.contracts import change, kept_back, plan, shape
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers import (
    errors,
    left_out,
    patch_sets,
    selection,
    solver,
)
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.base import DriverError
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.rpm.in_dnf import (
    answering,
    choice,
    planning,
    rpm_packages,
    signatures,
)
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.rpm.session import (
    Answer,
    Session,
)
from ansible_collections.patchops.fleet.plugins.module_utils.process import how_ended
from ansible_collections.patchops.fleet.plugins.module_utils.versions import numbers
from ansible_collections.patchops.fleet.plugins.module_utils.versions import rpm as versions

# What both versions of dnf need in their interpreter; sent first.
SHARED = (
    shape,
    change,
    kept_back,
    plan,
    numbers,
    versions,
    errors,
    left_out,
    patch_sets,
    solver,
    selection,
    answering,
    rpm_packages,
    choice,
    planning,
    signatures,
)

# RHEL 8 has dnf in its platform-python only, which newer versions of ansible-core no longer run on.
_INTERPRETERS = ("/usr/libexec/platform-python", "/usr/bin/python3", sys.executable)
_NO_BINDINGS = 97
_TIME_LIMIT = 1800
_DOWNLOAD_LIMIT = 4 * 3600  # a slow line is no error; the caller's patience is another matter
# They arrive by standard input and go by their full names, so that they can import one another. Scripts of
# packages, which may read from standard input too, find nothing there.
_START = """\
import json, os, sys, types
try:
    import {bindings}
except ImportError:
    sys.exit({no_bindings})
questions = os.fdopen(os.dup(0), encoding="ascii")
with open(os.devnull) as nothing:
    os.dup2(nothing.fileno(), 0)
for name, source in json.loads(questions.readline()):
    module = sys.modules[name] = types.ModuleType(name)
    exec(compile(source, name, "exec"), module.__dict__)
    parent, _, child = name.rpartition(".")
    setattr(sys.modules.setdefault(parent, types.ModuleType(parent)), child, module)
module.main(questions)
"""


class Bindings:
    """Finds the interpreter once, and starts it for the first question: it answers the later ones too.

    `manager`: what is asked, for messages; `imports`: the bindings' module; `package`: what brings it;
    `modules`: what is sent, each after those that it imports, the one with `main` last.
    """

    def __init__(self, manager: str, imports: str, package: str, modules: Tuple[ModuleType, ...]) -> None:
        self._manager = manager
        self._start = _START.format(bindings=imports, no_bindings=_NO_BINDINGS)
        self._package = package
        self._modules = [module.__name__ for module in modules]
        self._interpreter: Optional[str] = None
        self._session: Optional[Session] = None

    def ask(self, action: str, **arguments: Any) -> Any:
        """Return dnf's answer (see in_dnf/main.py); raises DriverError."""
        question = dict(arguments, action=action)
        limit = _DOWNLOAD_LIMIT if action == "download" else _TIME_LIMIT
        if self._session is not None and self._session.runs():
            given = self._session.ask(question, limit=limit)
        else:
            self._session, given = self._begin(question, limit)
        return self._answer(action, given)

    def close(self) -> None:
        """Have the next question answered by a new process, which has loaded nothing yet."""
        if self._session is not None:
            self._session.close()

    def change(self, log: str, action: str, **arguments: Any) -> Any:
        """The same for what changes packages: no time limit, what is printed is added to the file `log`.

        It goes on when the caller dies; to kill it half-way would harm more than to wait. A process of its
        own, and none that answers questions outlives it: its code may be replaced now.
        """
        self.close()
        with open(log, "ab") as stream:
            stream.write(f"\n+ dnf: {action}\n".encode("utf-8"))
            stream.flush()
            session, given = self._begin(dict(arguments, action=action), None, stream)
            session.close()
            return self._answer(action, given, log)

    def _begin(
        self, question: Dict[str, Any], limit: Optional[float], errors: Optional[IO[bytes]] = None
    ) -> Tuple[Session, Answer]:
        """Start a session and ask it the first question."""
        modules: List[Tuple[str, str]] = [(name, _source(name)) for name in self._modules]
        for interpreter in (self._interpreter,) if self._interpreter else _INTERPRETERS:
            if not interpreter or not os.access(interpreter, os.X_OK):
                continue
            session = Session([interpreter, "-I", "-c", self._start], errors)
            given = session.ask(modules, question, limit=limit)
            if given.rc != _NO_BINDINGS:
                self._interpreter = interpreter
                return session, given
        raise DriverError(
            "unsupported_platform",
            f"No Python of the host can use {self._manager}: looked in "
            + ", ".join(sorted(set(_INTERPRETERS)))
            + ".",
            f"Install the package {self._package}; Ansible's own module for {self._manager} needs it too.",
        )

    def _answer(self, action: str, given: Answer, log: str = "") -> Any:
        try:
            answer = json.loads(given.text)
        except ValueError:
            raise self._unanswered(action, given, log)
        if "refusal" in answer:
            refusal = answer["refusal"]
            code = refusal["code"] or ("install_failed" if log else "repository_unreadable")
            raise DriverError(code, refusal["message"], refusal["remedy"])
        return answer["answer"]

    def _unanswered(self, action: str, given: Answer, log: str) -> DriverError:
        if log:
            message = f"{self._manager} {how_ended(given.rc)} while it changed packages."
            return DriverError("install_failed", message, f"See {log}.")
        last = " ".join(given.errors.strip().split("\n")[-3:]) or "it said nothing"
        return DriverError(
            "internal_error",
            f"{self._manager} ended without an answer; {action} {how_ended(given.rc)}: {last}",
            f"Run {self._manager} check and {self._manager} makecache on the host and repair what they "
            "complain about.",
        )


def _source(name: str) -> str:
    # The module may come from Ansible's zip, the worker's zip, or a directory.
    package, _dot, module = name.rpartition(".")
    return cast(bytes, pkgutil.get_data(package, f"{module}.py")).decode("utf-8")
