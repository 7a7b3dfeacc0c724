# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ask a host for what a module of this collection does, and get an outcome, whatever the connection does.

Actions use `call` for one round trip and `call_until` to come back to a host that reboots or whose connection
was cut. Neither lets a connection error escape: Ansible would take the host out of the play.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from ansible.errors import AnsibleConnectionFailure, AnsibleError
from ansible.plugins.connection import ConnectionBase

from ansible_collections.patchops.fleet.plugins.module_utils.outcome import UNREACHABLE, make_result
from ansible_collections.patchops.fleet.plugins.module_utils.times import now
from ansible_collections.patchops.fleet.plugins.plugin_utils.call_limits import (
    LimitReached,
    OutputTooLarge,
    limits,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.connection_failures import (
    REMEDIES,
    TRANSIENT,
    failure_code,
    failure_detail,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.foreign_facts import foreign_facts, without_facts
from ansible_collections.patchops.fleet.plugins.plugin_utils.host_answer import (
    PAYLOAD_KEY,
    AnswerError,
    check_subject,
    checked_answer,
    checked_document,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.identity import (
    NAME_VARIABLE,
    HostKey,
    IdentityError,
    Inventory,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.one_machine import (
    KNOWN_MACHINE,
    known_machine,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.play_hosts import frozen_plan
from ansible_collections.patchops.fleet.plugins.plugin_utils.store import (
    StoreError,
    host_document_key,
    open_store,
    read_host_document,
    transaction_key,
)

# One module for all that a host is asked for: each module that a run uses is packed anew.
_MODULE = "patchops.fleet.host_side"
DEFAULT_LIMIT = 900.0
# The last call before a deadline gets time for an answer too, or a busy host would be told to be away.
_SHORTEST_LIMIT = 10.0

# Between questions to a host that can't answer: soon at first, for it may be back; then seldom, for each
# costs the controller a login.
_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 5.0

# How much of the time that a host has been away already may pass until it is seen to be back.
_SHARE_OF_WAIT = 0.1
_BOOT_ID = "/proc/sys/kernel/random/boot_id"
_LOOK_LIMIT = 30.0
_CLEAN_UP_LIMIT = 60.0
# Of what a host printed in place of an answer: the end says why.
_LONGEST_READ = 100_000

# While packages change or a host goes down, files can vanish under a module. That it crashes then says
# nothing of the host; a crash that stays is an answer.
_CRASH_PATIENCE = 60.0

# Without these ssh never notices that a link was cut while it waits for an answer. What the administrator has
# set in ssh_args comes first on the command line, and ssh takes the first value.
_KEEP_ALIVE = "-o ServerAliveInterval=15 -o ServerAliveCountMax=4"

_KEYS: dict[str, Callable[[HostKey, Mapping[str, Any]], str]] = {
    "patchops.host": lambda host, document: host_document_key(host),
    "patchops.transaction": lambda host, document: transaction_key(host, str(document.get("id"))),
}


@dataclasses.dataclass
class Answer:
    """What the host said: the task result (always with `outcome`) and its document, when it sent one."""

    result: dict[str, Any]
    document: dict[str, Any] | None = None

    @property
    def code(self) -> str:
        return str(self.result["outcome"]["code"])

    @property
    def unreachable(self) -> bool:
        return bool(self.result["outcome"]["class"] == UNREACHABLE)


def call(
    action: Any,
    operation: str,
    arguments: Mapping[str, Any],
    task_vars: Mapping[str, Any],
    *,
    kind: str | None = None,
    acts: bool = False,
    limit: float = DEFAULT_LIMIT,
) -> Answer:
    """Ask the action's host once for an operation, which has the name of a module of this collection.

    `kind` is the kind of the document that the host sends; it is completed with host and run_id and stored.
    `acts` says that the operation may have changed something before an answer was lost, so that the message
    doesn't deny it. After `limit` seconds the call is given up: a cut link can hold ssh forever.
    """
    host = str(task_vars.get("inventory_hostname", "the host"))
    _keep_alive(action._connection)
    try:
        with limits(action, limit):
            raw = action._execute_module(
                module_name=_MODULE,
                module_args={"operation": operation, "arguments": dict(arguments)},
                task_vars=dict(task_vars),
            )
    except LimitReached:
        return _not_asked(action, host, "connection_lost", f"no answer within {limit:.0f} seconds", acts)
    except OutputTooLarge as error:
        action._connection._shell.tmpdir = None
        return _invalid(host, AnswerError(str(error)), acts)
    except AnsibleConnectionFailure as error:
        return _not_asked(action, host, failure_code(str(error), "unreachable"), str(error), acts)
    except AnsibleError as error:
        return _not_asked(action, host, failure_code(str(error), "module_crashed"), str(error), acts)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, RecursionError) as error:
        # Ansible works on some keys of an answer itself, and takes their types for granted.
        return _invalid(host, AnswerError(f"Ansible can't read it: {error}"), acts)
    _clean_up(action)
    return _answer_of(action, operation, arguments, raw, task_vars, kind, acts)


def call_until(
    action: Any,
    operation: str,
    arguments: Mapping[str, Any],
    task_vars: Mapping[str, Any],
    *,
    deadline: float,
    kind: str | None = None,
    acts: bool = False,
    limit: float = 60.0,
    fresh: bool = True,
    transient: frozenset[str] = TRANSIENT,
    accept: Callable[[Answer], bool] = lambda answer: True,
    crash_patience: float = _CRASH_PATIENCE,
) -> Answer:
    """Call again, over a new connection and a new become each time, until the host answers.

    `deadline`: seconds from now. `fresh`: close a connection that is kept open before the first call too.
    Outcomes that are unreachable with a code in `transient` are tried again, and so are answers that `accept`
    turns down; so is a module that crashes, until it has done nothing else for `crash_patience` seconds.
    Anything else (a changed host key, say) ends the wait at once. When time is up the last answer is returned
    as it is.
    """
    ends = time.monotonic() + deadline
    pause, again = _FIRST_PAUSE, fresh
    crashes_since: float | None = None
    while True:
        if again:
            reset_connection(action)
        again = True
        left = max(_SHORTEST_LIMIT, ends - time.monotonic())
        answer = call(action, operation, arguments, task_vars, kind=kind, acts=acts, limit=min(limit, left))
        now = time.monotonic()
        if answer.code == "module_crashed":
            crashes_since = now if crashes_since is None else crashes_since
            settled = now - crashes_since >= crash_patience
        else:
            crashes_since = None
            settled = answer.code not in transient if answer.unreachable else accept(answer)
        if settled or now + pause >= ends:
            return answer
        time.sleep(pause)
        pause = min(2 * pause, _LONGEST_PAUSE)


def wait_for_another_boot(action: Any, boot_id: str, deadline: float) -> None:
    """Wait until the host runs in another boot than `boot_id`, or says what waiting doesn't mend.

    For at most `deadline` seconds. A command of the shell asks: a host that goes down and comes up is asked
    often, and a module costs both sides many times as much. What became of it is for a module to say.
    """
    started = time.monotonic()
    while True:
        reset_connection(action)
        if _said_boot_id(action) not in (boot_id, None):
            return
        waited = time.monotonic() - started
        pause = min(_LONGEST_PAUSE, max(_FIRST_PAUSE, waited * _SHARE_OF_WAIT))
        if waited + pause >= deadline:
            return
        time.sleep(pause)


def _said_boot_id(action: Any) -> str | None:
    """Return what the host says its boot id is (empty: nothing), None where it can't be asked yet."""
    _keep_alive(action._connection)
    try:
        with limits(action, _LOOK_LIMIT):
            said = action._low_level_execute_command(f"cat {_BOOT_ID}", sudoable=False)
    except OutputTooLarge:
        return ""
    except (LimitReached, AnsibleError) as error:
        return None if failure_code(str(error), "unreachable") in TRANSIENT else ""
    # Behind what a login shell's start-up files print.
    return "".join(str(said["stdout"]).split()[-1:])


def reset_connection(action: Any) -> None:
    """Close the kept-open connection to the host, so that the next call logs in anew."""
    connection = action._connection
    if type(connection).reset is ConnectionBase.reset:
        return  # nothing is kept open; the base class would print a warning
    try:
        connection.reset()
    except AnsibleError:
        # The connection is gone already; that is what was wanted.
        connection.close()


def variable(action: Any, task_vars: Mapping[str, Any], name: str, default: Any = None) -> Any:
    """Return a variable of the play with its templates resolved; a fact is none."""
    if name not in task_vars or name in foreign_facts(task_vars):
        return default
    return action._templar.template(task_vars[name])


def inventory_of(action: Any, task_vars: Mapping[str, Any]) -> Inventory:
    """Return the inventory of the play, as it was planned where there is a plan. Raises IdentityError."""
    planned = frozen_plan(task_vars).get("inventory")
    if isinstance(planned, str):
        return Inventory(planned)
    return Inventory.of_play(without_facts(task_vars), variable(action, task_vars, NAME_VARIABLE))


def store_document(
    action: Any, task_vars: Mapping[str, Any], key: str, document: Mapping[str, Any], result: dict[str, Any]
) -> None:
    """Keep `document` in the store of a host's play; put its reference, or a warning, into `result`."""
    result["document"] = None
    if "patchops_document_store" in foreign_facts(task_vars):
        result.setdefault("warnings", []).append(
            "patchops_document_store is a fact of the host, so the document was not kept. "
            "Set it in the inventory."
        )
        return
    keep_document(variable(action, task_vars, "patchops_document_store"), key, document, result)


def keep_document(
    settings: Mapping[str, Any] | None, key: str, document: Mapping[str, Any], result: dict[str, Any]
) -> None:
    """Keep `document` in the store that `settings` describe, as the plan of a run has frozen them."""
    result["document"] = None
    try:
        result["document"] = open_store(settings).write(key, document)
    except StoreError as error:
        result.setdefault("warnings", []).append(str(error))


def _keep_alive(connection: Any) -> None:
    if connection.transport != "ssh":
        return
    arguments = connection.get_option("ssh_extra_args") or ""
    if _KEEP_ALIVE not in arguments:
        connection.set_option("ssh_extra_args", f"{arguments} {_KEEP_ALIVE}".strip())


def _clean_up(action: Any) -> None:
    """Remove the call's temporary directory on the host; one that can't be removed stays.

    Ansible would do it at the end of the task, for as long as the host likes.
    """
    shell = action._connection._shell
    if shell.tmpdir is None:
        return
    try:
        with limits(action, _CLEAN_UP_LIMIT):
            action._remove_tmp_path(shell.tmpdir)
    except (LimitReached, OutputTooLarge, AnsibleError):
        pass
    shell.tmpdir = None


def _not_asked(action: Any, host: str, code: str, text: str, acts: bool) -> Answer:
    # Ansible would remove its temporary directory over the connection that has just failed, and that error
    # would escape as unreachable.
    action._connection._shell.tmpdir = None
    return Answer(_failure(host, code, text, acts))


def _without_outcome(host: str, raw: Mapping[str, Any], acts: bool) -> Answer:
    parts = [
        raw.get("msg"),
        raw.get("module_stdout"),
        raw.get("module_stderr"),
        _raised(raw.get("exception")),
    ]
    text = "\n".join(str(part)[-_LONGEST_READ:] for part in parts if part)
    return Answer(_failure(host, failure_code(text, "module_crashed"), text, acts))


def _raised(exception: Any) -> str:
    # Since ansible-core 2.19 a module's exception comes as an object; before, as the text of a traceback.
    event = getattr(exception, "event", None)
    return str(event.msg) if event is not None else str(exception or "")


def _failure(host: str, code: str, text: str, acts: bool) -> dict[str, Any]:
    lost = code in ("connection_lost", "module_crashed")
    state = "whether it changed something is not known yet" if acts and lost else "nothing was changed"
    detail = failure_detail(text, code)
    reason = code.replace("_", " ") + (f" ({detail})" if detail else "")
    return make_result(code, f"{host}: {reason}; {state}.", REMEDIES.get(code, ""))


def _answer_of(
    action: Any,
    operation: str,
    arguments: Mapping[str, Any],
    raw: Any,
    task_vars: Mapping[str, Any],
    kind: str | None,
    acts: bool,
) -> Answer:
    """Return what may be believed of what came back, and keep the document in it."""
    host = str(task_vars.get("inventory_hostname", "the host"))
    if not isinstance(raw, Mapping):
        return _invalid(host, AnswerError("it is no object"), acts)
    if not isinstance(raw.get("outcome"), Mapping):
        return _without_outcome(host, raw, acts)
    document = None
    try:
        result = checked_answer(operation, raw)
        if kind is not None and raw.get(PAYLOAD_KEY) is not None:
            document = checked_document(raw[PAYLOAD_KEY], kind, "its document")
        check_subject(operation, arguments, result, document)
    except AnswerError as error:
        return _invalid(host, error, acts)
    found = _discovered_interpreter(action)
    if found:
        result["ansible_facts"] = found
    if document is None or kind is None:
        return Answer(result)
    document["host"] = host
    document["run_id"] = variable(action, task_vars, "patchops_run_id")
    try:
        inventory = inventory_of(action, task_vars)
    except IdentityError as error:
        result["document"] = None
        result.setdefault("warnings", []).append(f"{error}; the document of {host} was not kept")
        return Answer(result, document)
    document["inventory"] = inventory.key
    if kind == "patchops.host":
        _know(action, task_vars, inventory.host(host), document, result)
    store_document(action, task_vars, _KEYS[kind](inventory.host(host), document), document, result)
    return Answer(result, document)


def _know(
    action: Any,
    task_vars: Mapping[str, Any],
    host: HostKey,
    document: dict[str, Any],
    result: dict[str, Any],
) -> None:
    """Note since when the host is known as the machine that it says it is, going by the document before."""
    former = None
    if "patchops_document_store" not in foreign_facts(task_vars):
        with suppress(StoreError):
            store = open_store(variable(action, task_vars, "patchops_document_store"))
            former = read_host_document(store, host)
    document[KNOWN_MACHINE], since = known_machine(document, former, now())
    if isinstance(result.get("host"), dict):
        result["host"]["known_since"] = since


def _discovered_interpreter(action: Any) -> dict[str, str]:
    """Return the fact of which Python Ansible has found, from the action itself and never from the answer."""
    key, path = (
        getattr(action, name, None) for name in ("_discovered_interpreter_key", "_discovered_interpreter")
    )
    sound = isinstance(path, str) and path.startswith("/") and path.isprintable() and len(path) <= 4096
    return {str(key): str(path)} if key and sound else {}


def _invalid(host: str, error: AnswerError, acts: bool) -> Answer:
    state = "whether it changed something is not known" if acts else "it was only asked"
    return Answer(
        make_result(
            "answer_invalid",
            f"{host} gave an answer that can't be used: {failure_detail(str(error), '')}; {state}.",
            "Look at the host: a collection of this version gives no such answer, so something altered it, "
            "or several versions of the collection are in use.",
            changed=acts,
        )
    )
