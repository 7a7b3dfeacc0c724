# SPDX-FileCopyrightText: PatchOps contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tables of the advisory database. A file of another version is rebuilt from its feeds, not migrated."""

from __future__ import annotations

# "POAD" in ASCII: tells our files from other SQLite files.
APPLICATION_ID = 0x504F4144
VERSION = 1

TABLES = """
CREATE TABLE source (
  id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, location TEXT NOT NULL,
  imported_at TEXT NOT NULL, checked_at TEXT NOT NULL, as_of TEXT NOT NULL, sha256 TEXT NOT NULL,
  size INTEGER NOT NULL, records INTEGER NOT NULL, etag TEXT NOT NULL, last_modified TEXT NOT NULL,
  release TEXT NOT NULL
);

CREATE TABLE advisory (
  id INTEGER PRIMARY KEY, source INTEGER NOT NULL REFERENCES source ON DELETE CASCADE,
  name TEXT NOT NULL, type TEXT NOT NULL, title TEXT NOT NULL, severity TEXT NOT NULL,
  issued TEXT NOT NULL, updated TEXT NOT NULL, url TEXT NOT NULL, cves TEXT NOT NULL
);
CREATE INDEX advisory_name ON advisory (name);
CREATE INDEX advisory_source ON advisory (source);

CREATE TABLE advisory_cve (
  cve TEXT NOT NULL, advisory INTEGER NOT NULL REFERENCES advisory ON DELETE CASCADE,
  PRIMARY KEY (cve, advisory)
) WITHOUT ROWID;
CREATE INDEX advisory_cve_advisory ON advisory_cve (advisory);

CREATE TABLE affected (
  release TEXT NOT NULL, package TEXT NOT NULL,
  advisory INTEGER NOT NULL REFERENCES advisory ON DELETE CASCADE,
  status TEXT NOT NULL, fixed TEXT NOT NULL, arch TEXT NOT NULL, module TEXT NOT NULL,
  channel TEXT NOT NULL, note TEXT NOT NULL, introduced TEXT NOT NULL, last TEXT NOT NULL
);
CREATE INDEX affected_package ON affected (release, package);
CREATE INDEX affected_advisory ON affected (advisory);

-- Which releases a source speaks of, so that a host's feeds are known without a look at all rows.
CREATE TABLE source_release (
  source INTEGER NOT NULL REFERENCES source ON DELETE CASCADE, release TEXT NOT NULL, PRIMARY KEY (source,
  release)
) WITHOUT ROWID;

CREATE TABLE kev (
  cve TEXT NOT NULL, source INTEGER NOT NULL REFERENCES source ON DELETE CASCADE,
  name TEXT NOT NULL, date_added TEXT NOT NULL, due_date TEXT NOT NULL,
  ransomware INTEGER, forensics INTEGER, PRIMARY KEY (cve, source)
) WITHOUT ROWID;
CREATE TABLE epss (
  cve TEXT NOT NULL, source INTEGER NOT NULL REFERENCES source ON DELETE CASCADE,
  score REAL NOT NULL, percentile REAL NOT NULL, date TEXT NOT NULL, PRIMARY KEY (cve, source)
) WITHOUT ROWID;
CREATE TABLE ssvc (
  cve TEXT NOT NULL, source INTEGER NOT NULL REFERENCES source ON DELETE CASCADE,
  exploitation TEXT NOT NULL, automatable TEXT NOT NULL, technical_impact TEXT NOT NULL,
  date TEXT NOT NULL, PRIMARY KEY (cve, source)
) WITHOUT ROWID;
CREATE TABLE cvss (
  cve TEXT NOT NULL, source INTEGER NOT NULL REFERENCES source ON DELETE CASCADE,
  score REAL NOT NULL, vector TEXT NOT NULL, PRIMARY KEY (cve, source)
) WITHOUT ROWID;
CREATE INDEX kev_source ON kev (source);
CREATE INDEX epss_source ON epss (source);
CREATE INDEX ssvc_source ON ssvc (source);
CREATE INDEX cvss_source ON cvss (source);
"""

# Made also in databases of former versions, whose sources then have no row in it.
TRAITS = """
CREATE TABLE IF NOT EXISTS source_trait (
  source INTEGER PRIMARY KEY REFERENCES source ON DELETE CASCADE,
  scope TEXT NOT NULL, unproven TEXT NOT NULL, unread INTEGER NOT NULL, unread_examples TEXT NOT NULL
)
"""
