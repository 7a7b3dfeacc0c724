# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every module says that judges a host's security repositories."""

from __future__ import annotations


class ModuleDocFragment:
    """The option that takes the terms of the administrator."""

    DOCUMENTATION = r"""
options:
  security_sources:
    description:
      - How old the index of a security repository may be, and who may sign one. The action takes it from the
        variables C(patchops_source_max_age), C(patchops_source_frozen) and C(patchops_source_keys) where it
        is not given.
    type: dict
    suboptions:
      max_age:
        description: Days, for repositories on the distribution's own addresses.
        type: int
        default: 14
      max_age_elsewhere:
        description: Days, for all others.
        type: int
        default: 45
      frozen_until:
        description: Until this day repositories are frozen on purpose, and their age is no fault.
        type: str
      frozen_reason:
        description: Why they are.
        type: str
        default: ""
      frozen_repositories:
        description: Which repositories are meant, as patterns of their ids or addresses.
        type: list
        elements: str
        default: ["*"]
      keys:
        description: Fingerprints of keys that may sign a security archive beside the distribution's own.
        type: list
        elements: str
        default: []
"""
