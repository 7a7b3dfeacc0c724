# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long the lab waits for something that ought to happen at once."""

# Longer than it takes on a machine that is ten times busier than the one this was written on.
PATIENCE_SECONDS = 300.0
