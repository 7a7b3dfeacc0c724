# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why a finding is what it is: a closed list of codes, each with what it means."""

from __future__ import annotations

from typing import Final

CODES: Final[dict[str, str]] = {
    # of a finding's state
    "older_than_fix": "the installed version is older than the one that fixes it",
    "fix_installed": "the fixed version, or a newer one, is installed",
    "vendor_deferred": "the vendor decided against a fix, or put it off",
    "no_fix_yet": "the vendor knows it and has no fix yet",
    "under_investigation": "the vendor has not decided whether the package is affected",
    "advisory_unclear": "what the feed says of it can't be applied to this host",
    "module_stream_unknown": "the package is modular and its stream is not known",
    "module_build_unknown": "which build of the package's module is installed is not known",
    "update_without_advisory": "a security update is pending that no advisory of the feeds names",
    "newer_than_feed": "a security update is pending that is newer than the feed",
    "cve_not_in_feeds": "no feed says anything about this CVE for this release",
    "foreign_package": "the package is not the distribution's, so its advisories don't speak of it",
    # of the fix
    "fix_needs_entitlement": "the fix is in a channel that needs an entitlement",
    "fix_not_offered": "the host's enabled repositories do not offer the fix",
    "fix_not_offered_here": "the advisory is newer than the index of the host's security repositories",
    "fix_held": "the package is held on the host",
    "fix_blocked": "the host's package manager passes over the fix",
    # of its effect
    "kernel_not_running": "a fixed kernel is installed, an older one runs",
    "kernel_running_unknown": "which kernel runs can't be told",
    "kernel_of_no_package": "the kernel that runs belongs to no installed package, so no feed speaks of it",
    "kernel_not_judged": "the kernel that runs is another publisher's, so no feed speaks of it",
    "old_kernel_installed": "an older, vulnerable kernel is still installed beside the fixed one",
    "regresses_on_reboot": "the boot loader would start an older, vulnerable kernel",
    "old_code_running": "programs still run the code from before the update",
    "running_code_unreadable": "the running programs could not be looked into",
    # of what people decided, and of time
    "due": "when it is due",
    "accepted": "a waiver speaks about it",
    "update_rejected": "the baseline rejects the update",
    "update_failed": "the last update of the package failed on the host, or was taken back",
    # of a host as a whole
    "security_source_absent": "no enabled repository carries security updates",
    "security_source_expired": "the security repository's index has expired",
    "security_source_unentitled": "the host is not entitled to its security repository",
    "security_source_unreadable": "the security repository could not be read",
    "security_source_stale": "the security repository was not asked for too long",
    "security_source_frozen": "the security repository's index is older than is allowed",
    "security_source_replayed": "the security repository's index is older than one of an earlier scan",
    "security_source_untrusted": "what calls itself the security repository has not the distribution's key",
    "refresh_failed": "the repositories could not be refreshed",
    "feed_missing": "no feed in the advisory database speaks of this release",
    "feed_stale": "the feed for this release is too old",
    "feed_may_be_cut": "nothing proves that the feed is whole",
    "packages_unreadable": "the installed packages could not be read",
    "inventory_may_be_cut": "nothing proves that the inventory is whole",
    "package_origin_unknown": "the publisher of packages is not known",
    "feed_undated": "a feed tells no date, so nobody knows how old it is",
    "package_source_unknown": "the source of a package is not known, so advisories may speak of it unseen",
    "updates_unreadable": "the pending updates could not be read",
    "release_unknown": "the release of the host is not known",
    "release_unsupported": "the vendor no longer supports this release",
    "release_support_unknown": "until when the vendor supports this release is not known",
    "not_scanned": "nothing is known of the host",
    "broken_packages": "packages are half installed, or whether they are could not be read",
}


def reason(code: str, detail: str = "") -> dict[str, str]:
    """One entry of `reasons`. KeyError for a code that is not in the list."""
    meaning = CODES[code]
    return {"code": code, "message": f"{meaning}: {detail}" if detail else meaning}
