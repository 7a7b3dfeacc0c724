#!/usr/bin/python
# SPDX-FileCopyrightText: PatchOps contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: advisory_db
short_description: Bring the advisory database up to date
version_added: 0.1.0
author:
  - PatchOps contributors (@patchops)
extends_documentation_fragment:
  - patchops.fleet.attributes
  - patchops.fleet.controller
description:
  - Imports feeds of advisories, and of what makes a vulnerability urgent, into the database that
    M(patchops.fleet.assess) matches hosts against.
  - A feed is fetched only if it has changed. It is read with limits and imported aside, and the database is
    swapped as a whole.
  - A feed that is broken, truncated or hostile is refused, and what the database had of it stays in use.
options:
  database:
    description:
      - The database file on the controller. It is made if it is missing.
    type: path
    required: true
  feeds:
    description:
      - The feeds to import. A known one needs its O(feeds[].name) alone.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description:
          - The name of the source in the database; importing it again replaces its content.
          - Known names are V(debian-dsa), V(debian-dla), V(debian-tracker), V(osv-ubuntu),
            V(osv-almalinux), V(osv-rocky), V(osv-redhat), V(osv-suse), V(osv-opensuse), V(osv-pypi),
            V(osv-npm), V(osv-go), V(osv-maven), V(osv-debian), V(osv-alpine), V(arch-tracker),
            V(alpine-3.3), V(alpine-3.3-community), V(alpine-3.4), V(alpine-3.4-community), V(alpine-3.5),
            V(alpine-3.5-community), V(alpine-3.6), V(alpine-3.6-community), V(alpine-3.7),
            V(alpine-3.7-community), V(alpine-3.8), V(alpine-3.8-community), V(alpine-3.9),
            V(alpine-3.9-community), V(alpine-3.10), V(alpine-3.10-community), V(alpine-3.11),
            V(alpine-3.11-community), V(alpine-3.12), V(alpine-3.12-community), V(alpine-3.13),
            V(alpine-3.13-community), V(alpine-3.14), V(alpine-3.14-community), V(alpine-3.15),
            V(alpine-3.15-community), V(alpine-3.16), V(alpine-3.16-community), V(alpine-3.17),
            V(alpine-3.17-community), V(alpine-3.18), V(alpine-3.18-community), V(alpine-3.19),
            V(alpine-3.19-community), V(alpine-3.20), V(alpine-3.20-community), V(alpine-3.21),
            V(alpine-3.21-community), V(alpine-3.22), V(alpine-3.22-community), V(alpine-3.23),
            V(alpine-3.23-community), V(alpine-edge), V(alpine-edge-community), V(kev), V(epss) and
            V(vulnrichment).
        type: str
      kind:
        description:
          - The format of the feed, for feeds that are not known by name.
        type: str
        choices:
          - alpine-secdb
          - arch-tracker
          - csaf
          - debian-dsa
          - debian-tracker
          - epss
          - jsonl
          - kev
          - openvex
          - osv
          - updateinfo
          - vulnrichment
      location:
        description:
          - An https address, or a file, folder or archive on the controller.
        type: str
      release:
        description:
          - The release that the feed is for, like V(almalinux:9), for an updateinfo.xml that does not say it.
        type: str
        default: ""
      whole:
        description:
          - The feed speaks of all packages of its releases. A C(csaf) or C(osv) feed of a few documents
            judges only the packages that it names, unless this declares that there are no others.
          - An archive of an ecosystem (C(all.zip)) and any collection of 500 documents is whole without it.
        type: bool
        default: false
  force:
    description:
      - Import again what has not changed.
    type: bool
    default: false
  allow_http:
    description:
      - Fetch from addresses without TLS too, for mirrors inside of a house.
    type: bool
    default: false
  allow_shrink:
    description:
      - Import also a feed that has lost a fifth or more of the records it had before. Without it such a feed
        is refused, since it may have been cut; its former content stays in use.
    type: bool
    default: false
attributes:
  check_mode:
    support: full
    details:
      - Feeds are fetched and read, into a copy that is thrown away.
  diff_mode:
    support: none
  idempotent:
    support: full
  action:
    support: full
seealso:
  - module: patchops.fleet.assess
"""

EXAMPLES = r"""
- name: Know Debian's advisories, what is exploited, and one's own copy of an updateinfo.xml
  patchops.fleet.advisory_db:
    database: /var/lib/patchops-controller/advisories.sqlite3
    feeds:
      - name: debian-dsa
      - name: debian-tracker
      - name: kev
      - name: el9
        kind: updateinfo
        location: /srv/mirror/el9/updateinfo.xml.gz
        release: almalinux:9
  run_once: true
  delegate_to: localhost
"""

RETURN = r"""
outcome:
  description: What came of it, as class, code, message and remedy.
  returned: always
  type: dict
summary:
  description: One line for people.
  returned: always
  type: str
feeds:
  description: What became of each feed, as name, state (updated, unchanged or failed), records, as_of,
    problem, and notes on what limits it.
  returned: when the database could be read
  type: list
  elements: dict
sources:
  description:
    - What the database holds afterwards, as name, kind, location, imported_at, checked_at, as_of, sha256,
      size, records, scope (whole, declared, or some packages alone), unproven (why it may have been cut), and
      unread (how many parts can't be applied to hosts) with unread_examples.
  returned: when the database could be read
  type: list
  elements: dict
"""
