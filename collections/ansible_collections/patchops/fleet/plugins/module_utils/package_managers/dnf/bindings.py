# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ask dnf through its Python bindings, in whatever interpreter of the host has them."""

import importlib.util
import json
import os
import subprocess
import sys
from typing import Any, Dict, List, Optional, Tuple

from ansible_collections.patchops.fleet.plugins.module_utils import process
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.base import DriverError
from ansible_collections.patchops.fleet.plugins.module_utils.package_managers.dnf.inside import (
    acting,
    changes,
    describing,
    keys,
    main,
    opening,
    planning,
    reading,
    updateinfo,
)

# RHEL 8 has dnf in its platform-python only, which newer versions of ansible-core no longer run on.
_INTERPRETERS = ("/usr/libexec/platform-python", "/usr/bin/python3", sys.executable)
_NO_BINDINGS = 97
_TIME_LIMIT = 1800
_DOWNLOAD_LIMIT = 4 * 3600  # a slow line is no error; the caller's patience is another matter
# Each after those that it imports.
_MODULES = (opening, describing, updateinfo, reading, changes, planning, keys, acting, main)
# They arrive by standard input and go by their full names, so that they can import one another.
_START = f"""\
import json, sys, types
try:
    import dnf
except ImportError:
    sys.exit({_NO_BINDINGS})
sent = json.load(sys.stdin)
for name, source in sent["modules"]:
    module = sys.modules[name] = types.ModuleType(name)
    exec(compile(source, name, "exec"), module.__dict__)
    parent, _, child = name.rpartition(".")
    setattr(sys.modules.setdefault(parent, types.ModuleType(parent)), child, module)
sys.modules[{main.__name__!r}].main(sent["request"])
"""


class Bindings:
    """Finds the interpreter once."""

    def __init__(self) -> None:
        self._interpreter: Optional[str] = None

    def ask(self, action: str, **arguments: Any) -> Any:
        """Return dnf's answer (see inside/main.py); raises DriverError."""
        question = _question(action, arguments)
        limit = _DOWNLOAD_LIMIT if action == "download" else _TIME_LIMIT
        result = self._each(lambda argv: process.run(argv, timeout=limit, stdin=question))
        return _answer(action, result)

    def change(self, log: str, action: str, **arguments: Any) -> Any:
        """The same for what changes packages: no time limit, what is printed is added to the file `log`.

        It goes on when the caller dies; to kill it half-way would harm more than to wait.
        """
        question = _question(action, arguments)
        with open(log, "ab") as stream:
            stream.write(f"\n+ dnf: {action}\n".encode("utf-8"))
            stream.flush()
            return _answer(action, self._each(lambda argv: _run_to_its_end(argv, question, stream)), log)

    def _each(self, run: Any) -> process.Result:
        candidates = (self._interpreter,) if self._interpreter else _INTERPRETERS
        for interpreter in candidates:
            if not interpreter or not os.path.exists(interpreter):
                continue
            result = run([interpreter, "-I", "-c", _START])
            if result.rc not in (_NO_BINDINGS, process.NOT_FOUND):
                self._interpreter = interpreter
                return result
        raise DriverError(
            "unsupported_platform",
            "No Python of the host can use dnf: looked in " + ", ".join(sorted(set(_INTERPRETERS))) + ".",
            "Install the package python3-dnf; dnf itself needs it.",
        )


def _question(action: str, arguments: Dict[str, Any]) -> str:
    modules: List[Tuple[str, str]] = [(one.__name__, _source(one.__name__)) for one in _MODULES]
    return json.dumps({"modules": modules, "request": dict(arguments, action=action)})


def _source(name: str) -> str:
    # The module may come from Ansible's zip, the worker's zip, or a directory.
    spec = importlib.util.find_spec(name)
    loader: Any = spec.loader if spec else None
    return str(loader.get_source(name))


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


def _answer(action: str, result: process.Result, log: str = "") -> Any:
    try:
        answer = json.loads(result.stdout)
    except ValueError:
        raise _unanswered(action, result, log)
    if "refusal" in answer:
        refusal = answer["refusal"]
        code = refusal["code"] or ("install_failed" if log else "repository_unreadable")
        raise DriverError(code, refusal["message"], refusal["remedy"])
    return answer["answer"]


def _unanswered(action: str, result: process.Result, log: str) -> DriverError:
    if log:
        how = f"was killed (signal {-result.rc})" if result.rc < 0 else f"ended with {result.rc}"
        return DriverError("install_failed", f"dnf {how} while it changed packages.", f"See {log}.")
    last = " ".join(result.stderr.strip().split("\n")[-3:]) or "it said nothing"
    return DriverError(
        "internal_error",
        f"dnf ended without an answer ({action}, exit code {result.rc}): {last}",
        "Run dnf check and dnf makecache on the host and repair what they complain about.",
    )
