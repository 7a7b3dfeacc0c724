# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What people have to know of an imported source, beside its numbers."""

from __future__ import annotations

from ansible_collections.patchops.fleet.plugins.plugin_utils.advisories.advisory_records import Source


def notes_of(source: Source) -> list[str]:
    """One line for each limit of a source; none for most."""
    found = []
    if source.scope == "some":
        found.append(
            "judges only the packages that it names; --whole (whole) declares a collection of all documents"
        )
    if source.unproven:
        found.append(
            f"{source.unproven}, so it may have been cut: what it does not list stays unknown; import it with"
            " --expect-records or --expect-sha256, or fetch it"
        )
    if source.unread:
        found.append(f"{source.unread} parts can't be applied to hosts: {source.unread_examples}")
    return found
