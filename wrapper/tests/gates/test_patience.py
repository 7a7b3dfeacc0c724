# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""No test gives up waiting before a busy machine is done: what ought to happen has a minute and more."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

SHORTEST_SECONDS = 60
PLACES = (
    "wrapper/tests",
    "lab/patchops_lab",
    "collections/ansible_collections/patchops/fleet/tests/unit",
)
# Calls that raise when their time is over.
WAITING = {"communicate", "wait", "wait_until", "HTTPConnection", "create_connection", "urlopen"}


def impatient_waits(source: str) -> list[int]:
    """The lines on which a program waits for less than SHORTEST_SECONDS."""
    return sorted({node.lineno for node in ast.walk(ast.parse(source)) if any(_limits(node))})


def _limits(node: ast.AST) -> Iterator[bool]:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add) and _called(node.left) == "monotonic":
        yield _is_short(node.right)
    name = _called(node)
    if isinstance(node, ast.Call) and (name in WAITING or _is_subprocess(node)):
        limits = [keyword.value for keyword in node.keywords if keyword.arg in ("timeout", "seconds")]
        yield from map(_is_short, limits + (node.args[1:] if name == "wait_until" else []))


def _called(node: ast.AST) -> str | None:
    if not isinstance(node, ast.Call):
        return None
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", None)


def _is_subprocess(node: ast.Call) -> bool:
    return isinstance(node.func, ast.Attribute) and ast.unparse(node.func) == "subprocess.run"


def _is_short(value: ast.expr) -> bool:
    return (
        isinstance(value, ast.Constant)
        and isinstance(value.value, (int, float))
        and value.value < SHORTEST_SECONDS
    )


@pytest.mark.parametrize(
    "source",
    [
        "process.communicate(timeout=30)",
        "process.wait(timeout=10)",
        "subprocess.run(['true'], timeout=5)",
        "ends = time.monotonic() + 20",
        "wait_until(lambda: True, 20)",
        "wait_until(lambda: True, seconds=59.9)",
    ],
)
def test_a_wait_of_less_than_a_minute_is_found(source: str) -> None:
    assert impatient_waits(source) == [1]


@pytest.mark.parametrize(
    "source",
    [
        "process.communicate(timeout=60)",
        "process.communicate()",
        "ends = time.monotonic() + PATIENCE_SECONDS",
        "run(['sleep', '30'], timeout=0.2)",
        "wait_until(lambda: True)",
    ],
)
def test_long_waits_and_time_limits_that_are_tested_are_left_alone(source: str) -> None:
    assert impatient_waits(source) == []


@pytest.mark.fast
@pytest.mark.parametrize("place", PLACES)
def test_no_test_waits_for_less_than_a_minute(repository: Path, place: str) -> None:
    found = [
        f"{file.relative_to(repository)}:{line}"
        for file in sorted((repository / place).rglob("*.py"))
        for line in impatient_waits(file.read_text(encoding="utf-8"))
    ]
    assert found == []
