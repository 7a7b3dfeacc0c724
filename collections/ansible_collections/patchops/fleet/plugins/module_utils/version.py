# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The engine's version, as every document carries it."""

ENGINE_VERSION = "0.1.0"
