# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import yaml

from ansible_collections.patchops.fleet.plugins.module_utils.host_document import SUBSETS
from ansible_collections.patchops.fleet.plugins.modules import host_info


def test_the_documentation_knows_every_subset() -> None:
    option = yaml.safe_load(host_info.DOCUMENTATION)["options"]["subsets"]
    assert tuple(option["choices"]) == tuple(option["default"]) == SUBSETS
