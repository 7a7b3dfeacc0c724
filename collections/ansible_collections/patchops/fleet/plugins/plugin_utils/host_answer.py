# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host may answer: the documented return keys of an operation, by type and within bounds. Pure.

A host is a witness. Of its answer only the keys below are taken, whatever way it came (a module, a raw call).
Facts, stats, paths of the controller and everything that Ansible itself acts on are not among them. Where a
part of an answer is a part of a document, too, its shape is the document's.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from ansible_collections.patchops.fleet.plugins.module_utils.host_summary import decisive_facts
from ansible_collections.patchops.fleet.plugins.module_utils.outcome import (
    CODES,
    NOT_STARTED,
    OK,
    UNREACHABLE,
    is_failure,
)
from ansible_collections.patchops.fleet.plugins.module_utils.payload import PayloadError, decode
from ansible_collections.patchops.fleet.plugins.module_utils.transaction.access import CONFIRM_LIMITS
from ansible_collections.patchops.fleet.plugins.module_utils.version import ENGINE_VERSION
from ansible_collections.patchops.fleet.plugins.plugin_utils.bounds import (
    ANSWER,
    BoundsError,
    bounded,
    one_line,
    plain,
    visible,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.documents import (
    DocumentError,
    json_schema,
    read_document,
)
from ansible_collections.patchops.fleet.plugins.plugin_utils.foreign_documents import fitting
from ansible_collections.patchops.fleet.plugins.plugin_utils.shapes import Check, ShapeError, taking

Shape = dict[str, Any]

# The document of a host rides in its answer under this key, and leaves it here.
PAYLOAD_KEY = "patchops_payload"
# What an operation tells beside its return keys, for Ansible to show.
_SHOWN = ("warnings", "diff")
# What a new transaction is made of: one that is like it may be told of by its own id.
_SELECTIONS = ("packages", "patch_set", "select")
_MOST_WARNINGS = 20
_LONGEST_WARNING = 2000
_LONGEST_DIFF = 2_000_000
_LONGEST_MESSAGE = 20_000

# States of a transaction that one call of ours can leave behind.
_WITH_A_TRANSACTION = frozenset(
    {"started", "staged", "applied", "taken_back", "taken_back_partly", "confirmed", "not_confirmed"}
)


class AnswerError(ValueError):
    """A host's answer, or the document in it, is not what it may be; the message says what is wrong."""


def checked_answer(operation: str, raw: Mapping[str, Any]) -> dict[str, Any]:
    """Return what may be believed of a host's answer: the result of a task, without its document.

    `raw` is whatever came back; `failed` and `msg` follow from the outcome. Raises AnswerError.
    """
    shapes = _answer_shapes()[operation]
    given = _with_short_messages({key: raw[key] for key in shapes["properties"] if key in raw})
    try:
        answer: dict[str, Any] = _taking(operation)(bounded(given, ANSWER, visible=True))
    except (BoundsError, ShapeError) as error:
        raise AnswerError(str(error)) from None
    _check_consistent(operation, answer)
    outcome = answer["outcome"]
    answer["failed"] = is_failure(outcome)
    if answer["failed"]:
        answer["msg"] = " ".join(part for part in (outcome["message"], outcome["remedy"]) if part)
    answer.update(_shown(raw))
    return answer


def checked_document(text: Any, kind: str, where: str) -> dict[str, Any]:
    """Return the document that a host sent in an answer; raises AnswerError unless its schema fits."""
    if not isinstance(text, str):
        raise AnswerError(f"{where} is no text")
    try:
        document = read_document(decode(text), kind, where)
    except PayloadError as error:
        raise AnswerError(f"{where} is {plain(error)}") from None
    except DocumentError as error:
        raise AnswerError(plain(error)) from None
    version = document.get("engine_version")
    if version != ENGINE_VERSION:
        # The engine that answers on a host was sent there by this one.
        other = plain(version, 40)
        raise AnswerError(f"{where} says that engine {other} wrote it, not {ENGINE_VERSION}")
    try:
        return fitting(document, kind, where)
    except DocumentError as error:
        raise AnswerError(str(error)) from None


def check_subject(
    operation: str, asked: Mapping[str, Any], answer: Mapping[str, Any], document: Mapping[str, Any] | None
) -> None:
    """Raise AnswerError where an answer is of another transaction than the one that it was asked about.

    And where the answer tells of another one, or of another machine, than the document in it.
    """
    if operation == "host_info" and document is not None:
        machine = decisive_facts(dict(document))["machine"]
        if (answer.get("host") or {}).get("machine") != (machine and [one_line(part) for part in machine]):
            raise AnswerError("host.machine is not the machine of its document")
    if operation not in ("transaction", "transaction_info"):
        return
    known = answer.get("transaction")
    wanted = asked.get("id")
    by_id_alone = wanted and not any(asked.get(key) for key in _SELECTIONS)
    if known and by_id_alone and known["id"] != wanted:
        raise AnswerError(f"transaction.id is {known['id']!r}, and {wanted!r} was asked about")
    if document is None:
        return
    told = (document["id"], document["state"])
    if known is None or told != (known["id"], known["state"]):
        raise AnswerError(
            f"its document is of transaction {told[0]!r} ({told[1]}), and the answer is of "
            + (f"{known['id']!r} ({known['state']})" if known else "none")
        )


def return_keys(operation: str) -> frozenset[str]:
    """Return the keys that are taken of an operation's answer."""
    return frozenset(_answer_shapes()[operation]["properties"])


def _check_consistent(operation: str, answer: Mapping[str, Any]) -> None:
    """Raise AnswerError where parts of an answer contradict one another, so that code needs not ask again."""
    code, group = answer["outcome"]["code"], answer["outcome"]["class"]
    if CODES[code][0] != group:
        raise AnswerError(f"outcome.class is {group}, which {code} never is")
    transaction = answer.get("transaction")
    pending = (answer.get("confirm") or {}).get("state") == "pending"
    goes_on = answer.get("live") or answer.get("interrupted") or pending
    if operation in ("transaction", "transaction_info"):
        if transaction is None and (goes_on or code in _WITH_A_TRANSACTION):
            raise AnswerError(f"transaction is missing, and the outcome is {code}")
        if pending and (answer["confirm"] or {}).get("within") is None:
            raise AnswerError("confirm.within is missing")
    if answer.get("rebooting") and not (answer.get("reboot") or {}).get("boot_id"):
        raise AnswerError("reboot.boot_id is missing of a host that reboots")
    if operation == "host_info" and group == OK and not isinstance(answer.get("host"), dict):
        raise AnswerError(f"host is missing, and the outcome is {code}")
    if operation == "verify" and code in ("verified", "verification_failed"):
        missing = [key for key in ("verification", "effective") if answer.get(key) is None]
        if missing:
            raise AnswerError(f"{missing[0]} is missing, and the outcome is {code}")


def _with_short_messages(given: dict[str, Any]) -> dict[str, Any]:
    """Return an answer whose sentences are cut: an honest one can name thousands of packages or services."""
    outcome = given.get("outcome")
    if isinstance(outcome, Mapping):
        sentences = {key: _sentence(outcome[key]) for key in ("message", "remedy") if key in outcome}
        given["outcome"] = {**outcome, **sentences}
    if "summary" in given:
        given["summary"] = _sentence(given["summary"])
    return given


def _sentence(value: Any) -> Any:
    """Return a sentence cut to its bound; one that no honest host writes is left for the check to refuse."""
    honest = isinstance(value, str) and len(value) <= ANSWER.text
    return _cut(value, _LONGEST_MESSAGE - len("...")) if honest else value


def _shown(raw: Mapping[str, Any]) -> dict[str, Any]:
    """Return the warnings and the diff of an answer as bounded text."""
    shown: dict[str, Any] = {}
    warnings = raw.get("warnings")
    if isinstance(warnings, (list, tuple)):
        told = [_warning(one) for one in warnings[:_MOST_WARNINGS]]
        if len(warnings) > _MOST_WARNINGS:
            told.append(f"and {len(warnings) - _MOST_WARNINGS} more warnings")
        shown["warnings"] = [text for text in told if text]
    diff = raw.get("diff")
    if isinstance(diff, Mapping):
        sides = {side: diff.get(side) for side in ("before", "after")}
        if all(isinstance(text, str) for text in sides.values()):
            shown["diff"] = {side: visible(_cut(str(text), _LONGEST_DIFF)) for side, text in sides.items()}
    return {key: shown[key] for key in _SHOWN if shown.get(key)}


def _warning(one: Any) -> str:
    """Return a warning as text; since ansible-core 2.19 it is an object that holds an event."""
    if isinstance(one, str):
        return one_line(_cut(one, _LONGEST_WARNING))
    message = getattr(getattr(one, "event", None), "msg", None)
    return one_line(_cut(message, _LONGEST_WARNING)) if isinstance(message, str) else ""


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[:most]}..."


@cache
def _taking(operation: str) -> Check:
    return taking(_answer_shapes()[operation])


def _object(properties: Shape, required: tuple[str, ...] = (), null: bool = False) -> Shape:
    return {
        "type": ["object", "null"] if null else "object",
        "required": list(required),
        "properties": properties,
    }


def _list(items: Shape, null: bool = False) -> Shape:
    return {"type": ["array", "null"] if null else "array", "items": items}


_TEXT: Shape = {"type": "string", "maxLength": _LONGEST_MESSAGE}
_TEXT_OR_NULL: Shape = {"type": ["string", "null"], "maxLength": _LONGEST_MESSAGE}
_PATH: Shape = {"type": "string", "maxLength": 4096}
_MESSAGE: Shape = {"type": "string", "maxLength": _LONGEST_MESSAGE}
_FLAG: Shape = {"type": "boolean"}
_FLAG_OR_NULL: Shape = {"type": ["boolean", "null"]}
# No host has more packages, and every database keeps it.
_MOST_COUNTED = 1_000_000
_COUNT: Shape = {"type": "integer", "minimum": 0, "maximum": _MOST_COUNTED}
_BYTES: Shape = {"type": "integer", "minimum": 0}
_BYTES_OR_NULL: Shape = {"type": ["integer", "null"], "minimum": 0}
_SECONDS: Shape = {"type": ["integer", "null"], "minimum": 0, "maximum": CONFIRM_LIMITS[1]}
_PLATFORM: Shape = {"type": ["string", "null"], "maxLength": 200}
# A host that answers is neither out of reach nor before its turn.
_OUTCOME = _object(
    {
        "class": {"enum": [OK, "refused", "failed", "reverted", "unknown", "skipped"]},
        "code": {
            "enum": sorted(
                code for code, (group, _) in CODES.items() if group not in (UNREACHABLE, NOT_STARTED)
            )
        },
        "message": _MESSAGE,
        "remedy": _MESSAGE,
    },
    ("class", "code", "message", "remedy"),
)
_ALWAYS: Shape = {"changed": _FLAG, "outcome": _OUTCOME, "summary": _MESSAGE}
_PENDING = _object(
    {"total": _COUNT, "security": _COUNT, "kept_back": _COUNT}, ("total", "security"), null=True
)
_WITHOUT = _list(_object({"name": _TEXT, "reason": _TEXT_OR_NULL}, ("name",)))
_WAY_BACK = _object(
    {"revertible": _COUNT, "snapshot_only": _WITHOUT, "forward_only": _WITHOUT},
    ("revertible", "snapshot_only", "forward_only"),
    null=True,
)
_SERVICES = _object(
    {
        "restarted": _list(_TEXT),
        "failed": _list(_TEXT),
        "left": _list(_object({"unit": _TEXT, "reason": _TEXT}, ("unit", "reason"))),
    },
    null=True,
)
_BOOT_CHECK = _object(
    {
        "applicable": _FLAG,
        "kernel": _TEXT_OR_NULL,
        "problems": _list(
            _object({"check": _TEXT, "path": _TEXT_OR_NULL, "detail": _TEXT, "remedy": _TEXT_OR_NULL})
        ),
        "unread": _list(_TEXT),
        "reason": _TEXT_OR_NULL,
        "fallback": _TEXT_OR_NULL,
    },
    null=True,
)
_REBOOT = _object(
    {
        "required": _FLAG_OR_NULL,
        "reasons": _list(_TEXT),
        "done": _FLAG,
        "boot_id_changed": _FLAG,
        "boot_id": _TEXT_OR_NULL,
        "kernel": _TEXT_OR_NULL,
        "former_kernel": _TEXT_OR_NULL,
        "boot_check": _BOOT_CHECK,
    },
    ("required", "done"),
)
_VERIFICATION = _object(
    {
        "ok": _FLAG,
        "checks": _list(
            _object({"check": _TEXT, "ok": _FLAG, "detail": _TEXT_OR_NULL}, ("check", "ok", "detail"))
        ),
    },
    ("ok", "checks"),
)


@cache
def _answer_shapes() -> dict[str, Shape]:
    """Return the shape of each operation's answer; parts of documents come from the documents' schemas."""
    host, transaction = json_schema("patchops.host"), json_schema("patchops.transaction")
    seen, known = host["properties"], transaction["properties"]
    # Where nothing is planned the plan is empty.
    plan = {**known["plan"], "required": []}
    confirm = plan["properties"]["confirm"]
    reference = _object(
        {"id": known["id"], "state": known["state"], "journal": _PATH}, ("id", "state", "journal"), null=True
    )
    standing = {
        **_ALWAYS,
        "transaction": reference,
        "live": _FLAG,
        "goal": _TEXT_OR_NULL,
        "interrupted": _FLAG,
        "host_state": known["host_state"],
        "plan": plan,
        "way_back": _WAY_BACK,
        "services": _SERVICES,
        "confirm": _object(
            {
                **confirm["properties"],
                "within": _SECONDS,
                "state": {"enum": ["pending", "confirmed", "unconfirmed", "released", None]},
            },
            null=True,
        ),
    }
    listed = _object(
        {
            "id": known["id"],
            "state": known["state"],
            "host_state": known["host_state"],
            "created_at": known["created_at"],
            "updated_at": known["updated_at"],
            "superseded_by": _TEXT_OR_NULL,
            "kept_bytes": _BYTES,
            "request": _object({"digest": _TEXT, "generation": {"type": "integer"}, "way_back": _TEXT}),
        },
        ("id", "state"),
    )
    answers = {
        "host_info": {
            **_ALWAYS,
            "host": _object(
                {
                    "os": seen["os"],
                    "pending": _PENDING,
                    "security_source": seen["security_source"],
                    "reboot": seen["reboot"],
                    "interrupted": _FLAG_OR_NULL,
                    "platform": _PLATFORM,
                    "refreshed": _FLAG,
                    "unread": {**host["$defs"]["repository_error"], "type": ["object", "null"]},
                    "machine": _list(_TEXT, null=True),
                },
                ("os", "pending", "security_source", "reboot", "interrupted", "platform", "machine"),
            ),
        },
        "transaction": {
            **standing,
            "transactions": _list(known["id"]),
            "freed_bytes": _BYTES,
            "reboot_first": _object({"kernel": _TEXT_OR_NULL}, ("kernel",), null=True),
        },
        "transaction_info": {
            **standing,
            "transactions": _list(listed),
            "platform": _PLATFORM,
            "kept_bytes": _BYTES_OR_NULL,
        },
        "reboot": {
            **_ALWAYS,
            "reboot": _REBOOT,
            "restarted": _list(_TEXT),
            "rebooting": _FLAG,
            "confirm_within": _SECONDS,
        },
        "verify": {
            **_ALWAYS,
            "verification": _VERIFICATION,
            "effective": {"enum": ["yes", "no", "unknown"]},
            "effective_reasons": _list(_TEXT),
            "pending": _PENDING,
            "security_source": seen["security_source"],
            "plan": plan,
            "confirmed": _list(_TEXT),
            "proven_before": _FLAG,
        },
    }
    return {name: _object(properties, tuple(_ALWAYS)) for name, properties in answers.items()}
