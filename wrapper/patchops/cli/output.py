# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""JSON on stdout, filtered by JMESPath."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from patchops.errors import InputError

if TYPE_CHECKING:
    from jmespath.parser import ParsedResult


def compile_query(text: str | None) -> ParsedResult | None:
    """The query, checked before anything is started."""
    if text is None:
        return None
    # Imported here, as few commands are given a query.
    import jmespath
    from jmespath.exceptions import JMESPathError

    try:
        return jmespath.compile(text)
    except JMESPathError as error:
        raise InputError(f"--query is no JMESPath: {error}", "See https://jmespath.org.") from error


def print_json(document: object, query: ParsedResult | None) -> None:
    """Print `document`, or what `query` finds in it."""
    if query is not None:
        from jmespath.exceptions import JMESPathError

        try:
            document = query.search(document)
        except JMESPathError as error:
            raise InputError(f"--query does not fit: {error}", "Look at the document with --json.") from error
    # ASCII only: what a host put into a string must not reach a terminal as control characters.
    click.echo(json.dumps(document, indent=2, ensure_ascii=True))
