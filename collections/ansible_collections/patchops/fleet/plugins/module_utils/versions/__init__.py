# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Orders of versions that hosts need themselves; the controller has more in plugin_utils/versions."""
