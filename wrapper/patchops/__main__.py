# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""`python -m patchops` is the command `patchops`."""

from patchops.cli import main

if __name__ == "__main__":
    main()
