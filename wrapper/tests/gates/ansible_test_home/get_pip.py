# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stands in for the bootstrap script that ansible-test downloads: the pip that Python carries will do."""

import ensurepip
import sys

if __name__ == "__main__":
    ensurepip.bootstrap()
    print(f"pip {ensurepip.version()} installed by ensurepip in place of {' '.join(sys.argv[1:])}")
