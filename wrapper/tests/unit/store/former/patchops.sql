BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0001');
CREATE TABLE attempts (
	id INTEGER NOT NULL, 
	run_id TEXT NOT NULL, 
	number INTEGER NOT NULL, 
	directory TEXT NOT NULL, 
	wrapper_pid INTEGER NOT NULL, 
	wrapper_started INTEGER, 
	status TEXT NOT NULL, 
	started_at VARCHAR(20) NOT NULL, 
	finished_at VARCHAR(20), 
	returncode INTEGER, 
	CONSTRAINT pk_attempts PRIMARY KEY (id), 
	CONSTRAINT fk_attempts_run_id FOREIGN KEY(run_id) REFERENCES runs (id), 
	CONSTRAINT uq_attempts_run_id_number UNIQUE (run_id, number)
);
INSERT INTO "attempts" VALUES(1,'20261120-100000-scan-0001',1,'/srv/former/data/runs/a/attempt-1',1234,99,'done','2026-11-20T10:00:00Z','2026-11-20T10:00:00Z',0);
INSERT INTO "attempts" VALUES(2,'20261120-110000-scan-0002',1,'/srv/former/data/runs/b/attempt-1',1234,99,'done','2026-11-20T11:00:00Z','2026-11-20T11:00:00Z',0);
INSERT INTO "attempts" VALUES(3,'20261120-120000-patch-0003',1,'/srv/former/data/runs/c/attempt-1',1234,99,'interrupted','2026-11-20T12:00:00Z','2026-11-20T13:00:00Z',NULL);
INSERT INTO "attempts" VALUES(4,'20261120-130000-patch-0004',1,'/srv/former/data/runs/d/attempt-1',4194305,99,'running','2026-11-20T13:00:00Z',NULL,NULL);
CREATE TABLE host_results (
	id INTEGER NOT NULL, 
	attempt_id INTEGER NOT NULL, 
	host_id INTEGER NOT NULL, 
	outcome_class TEXT NOT NULL, 
	code TEXT NOT NULL, 
	message TEXT NOT NULL, 
	remedy TEXT NOT NULL, 
	step TEXT, 
	touched BOOLEAN NOT NULL, 
	lost BOOLEAN NOT NULL, 
	changes INTEGER NOT NULL, 
	CONSTRAINT pk_host_results PRIMARY KEY (id), 
	CONSTRAINT fk_host_results_attempt_id FOREIGN KEY(attempt_id) REFERENCES attempts (id), 
	CONSTRAINT fk_host_results_host_id FOREIGN KEY(host_id) REFERENCES hosts (id), 
	CONSTRAINT uq_host_results_attempt_id_host_id UNIQUE (attempt_id, host_id)
);
INSERT INTO "host_results" VALUES(1,1,1,'ok','verified','fine','','verify',1,0,3);
INSERT INTO "host_results" VALUES(2,1,2,'not_started','','','',NULL,0,0,0);
INSERT INTO "host_results" VALUES(3,2,3,'ok','verified','fine','','verify',1,0,3);
INSERT INTO "host_results" VALUES(4,2,4,'not_started','','','',NULL,0,0,0);
INSERT INTO "host_results" VALUES(5,3,5,'not_started','','','',NULL,0,0,0);
INSERT INTO "host_results" VALUES(6,3,6,'not_started','','','',NULL,0,0,0);
INSERT INTO "host_results" VALUES(7,4,4,'not_started','','','',NULL,0,0,0);
CREATE TABLE hosts (
	id INTEGER NOT NULL, 
	inventory TEXT NOT NULL, 
	name TEXT NOT NULL, 
	os TEXT, 
	platform TEXT, 
	security_source TEXT, 
	pending_total INTEGER, 
	pending_security INTEGER, 
	reboot_required BOOLEAN, 
	effective TEXT, 
	seen_at VARCHAR(20), 
	CONSTRAINT pk_hosts PRIMARY KEY (id), 
	CONSTRAINT uq_hosts_inventory_name UNIQUE (inventory, name)
);
INSERT INTO "hosts" VALUES(1,'/srv/former/prod.yml','web1','Debian 12',NULL,NULL,0,0,NULL,'yes','2026-11-20T10:00:00Z');
INSERT INTO "hosts" VALUES(2,'/srv/former/prod.yml','web2',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "hosts" VALUES(3,'/srv/former/staging.yml','web1','Debian 12',NULL,NULL,0,0,NULL,'yes','2026-11-20T11:00:00Z');
INSERT INTO "hosts" VALUES(4,'/srv/former/staging.yml','db1',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "hosts" VALUES(5,'/srv/former/../former/prod.yml','web1',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "hosts" VALUES(6,'/srv/former/../former/prod.yml','web2',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
CREATE TABLE runs (
	id TEXT NOT NULL, 
	playbook TEXT NOT NULL, 
	inventory TEXT NOT NULL, 
	pattern TEXT NOT NULL, 
	request_digest TEXT NOT NULL, 
	changes_hosts BOOLEAN NOT NULL, 
	check_mode BOOLEAN NOT NULL, 
	started_at VARCHAR(20) NOT NULL, 
	finished_at VARCHAR(20), 
	status TEXT NOT NULL, 
	exit_code INTEGER, 
	reason TEXT NOT NULL, 
	patch_set_id TEXT, 
	CONSTRAINT pk_runs PRIMARY KEY (id)
);
INSERT INTO "runs" VALUES('20261120-100000-scan-0001','scan','/srv/former/prod.yml','all','d1',0,0,'2026-11-20T10:00:00Z','2026-11-20T10:00:00Z','done',0,'',NULL);
INSERT INTO "runs" VALUES('20261120-110000-scan-0002','scan','/srv/former/staging.yml','all','d1',0,0,'2026-11-20T11:00:00Z','2026-11-20T11:00:00Z','done',0,'',NULL);
INSERT INTO "runs" VALUES('20261120-120000-patch-0003','patch','/srv/former/../former/prod.yml','all','d3',1,0,'2026-11-20T12:00:00Z','2026-11-20T13:00:00Z','interrupted',NULL,'',NULL);
INSERT INTO "runs" VALUES('20261120-130000-patch-0004','patch','/srv/former/staging.yml','all','d4',1,0,'2026-11-20T13:00:00Z',NULL,'running',NULL,'',NULL);
CREATE TABLE transactions (
	id INTEGER NOT NULL, 
	host_id INTEGER NOT NULL, 
	transaction_id TEXT NOT NULL, 
	run_id TEXT NOT NULL, 
	state TEXT NOT NULL, 
	updated_at VARCHAR(20) NOT NULL, 
	CONSTRAINT pk_transactions PRIMARY KEY (id), 
	CONSTRAINT fk_transactions_host_id FOREIGN KEY(host_id) REFERENCES hosts (id), 
	CONSTRAINT fk_transactions_run_id FOREIGN KEY(run_id) REFERENCES runs (id), 
	CONSTRAINT uq_transactions_host_id_transaction_id UNIQUE (host_id, transaction_id)
);
INSERT INTO "transactions" VALUES(1,5,'t1','20261120-120000-patch-0003','applied','2026-11-20T12:00:00Z');
CREATE INDEX ix_hosts_name ON hosts (name);
CREATE INDEX ix_runs_request_digest ON runs (request_digest);
CREATE INDEX ix_attempts_run_id ON attempts (run_id);
CREATE INDEX ix_attempts_status ON attempts (status);
CREATE INDEX ix_transactions_host_id ON transactions (host_id);
CREATE INDEX ix_transactions_run_id ON transactions (run_id);
CREATE INDEX ix_host_results_attempt_id ON host_results (attempt_id);
CREATE INDEX ix_host_results_host_id ON host_results (host_id);
COMMIT;
