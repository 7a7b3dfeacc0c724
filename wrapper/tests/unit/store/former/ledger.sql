PRAGMA application_id = 1347374151;
PRAGMA user_version = 1;
BEGIN TRANSACTION;
CREATE TABLE promise (host TEXT, advisory TEXT, package TEXT, first_seen TEXT NOT NULL, due TEXT, recorded_at TEXT NOT NULL, explanation TEXT, PRIMARY KEY (host, advisory, package)) WITHOUT ROWID;
INSERT INTO "promise" VALUES('db1','DSA-9001-1','openssl','2026-11-30','2026-11-03','2026-11-30','{"rule": "CISA BOD 26-04", "vulnerability": "CVE-2026-9001", "timeline": "row 14: 3 days", "due": "2026-11-03", "clock_start": "2026-10-31", "clock": "vendor''s fix", "inputs": {"in_kev": "no", "exposed": "yes (unknown counts as exposed)", "automatable": "yes (assumed: no SSVC point known)", "technical_impact": "total (assumed: no SSVC point known)"}}');
INSERT INTO "promise" VALUES('web1','DSA-9001-1','openssl','2026-11-30','2026-11-03','2026-11-30','{"rule": "CISA BOD 26-04", "vulnerability": "CVE-2026-9001", "timeline": "row 14: 3 days", "due": "2026-11-03", "clock_start": "2026-10-31", "clock": "vendor''s fix", "inputs": {"in_kev": "no", "exposed": "yes (unknown counts as exposed)", "automatable": "yes (assumed: no SSVC point known)", "technical_impact": "total (assumed: no SSVC point known)"}}');
CREATE TABLE sighting (platform TEXT, name TEXT, arch TEXT, version TEXT, first_seen TEXT NOT NULL, PRIMARY KEY (platform, name, arch, version)) WITHOUT ROWID;
INSERT INTO "sighting" VALUES('debian-12-amd64','libssl3','amd64','3.0.2-1','2026-11-30');
COMMIT;
