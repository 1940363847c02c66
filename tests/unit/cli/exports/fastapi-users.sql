BEGIN TRANSACTION;
CREATE TABLE oauth_account (
	id CHAR(36) NOT NULL, 
	user_id CHAR(36) NOT NULL, 
	oauth_name VARCHAR(100) NOT NULL, 
	access_token VARCHAR(1024) NOT NULL, 
	expires_at INTEGER, 
	refresh_token VARCHAR(1024), 
	account_id VARCHAR(320) NOT NULL, 
	account_email VARCHAR(320) NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(user_id) REFERENCES user (id) ON DELETE cascade
);
INSERT INTO "oauth_account" VALUES('47302935-2157-4960-9bf7-35a7066142bb','34e6e902-254d-48e6-957b-9bbae8b9ce14','google','a token',NULL,NULL,'google-4711','social@example.com');
CREATE TABLE user (
	id CHAR(36) NOT NULL, 
	email VARCHAR(320) NOT NULL, 
	hashed_password VARCHAR(1024) NOT NULL, 
	is_active BOOLEAN NOT NULL, 
	is_superuser BOOLEAN NOT NULL, 
	is_verified BOOLEAN NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "user" VALUES('78ca7110-e9ed-4c3f-98e3-f73af37a43cf','Ada@example.com','$argon2id$v=19$m=65536,t=3,p=4$3I693msIni1dvC/qZ3nGMA$+kkbybJRJ/DkqGoDLKyQN4ILSYgR1Q8NOyTdtafsO1g',1,0,0);
INSERT INTO "user" VALUES('ce9149f7-2452-43b2-8206-1b584a70f8a8','boss@example.com','$2b$04$7Iz6xua/GHrB.Stg8Jdxxuw8U4jh/j2wDkbelAAdF1guqB8BdNzY2',1,1,1);
INSERT INTO "user" VALUES('df12ee2e-0b98-4735-80b0-a878780fda55','gone@example.com','$2b$04$3rSdO/4CPLWbW.BOjUbN4.GgM8l4MjWqtD4PBR9YqXqHqgR.Usj/S',0,0,0);
INSERT INTO "user" VALUES('34e6e902-254d-48e6-957b-9bbae8b9ce14','social@example.com','$2b$04$v0b5US93Lg.ljepV6nkVEOa5d3YpV.z15syyDTBVZrTenhM7aDcxm',1,0,1);
CREATE UNIQUE INDEX ix_user_email ON user (email);
CREATE INDEX ix_oauth_account_account_id ON oauth_account (account_id);
CREATE INDEX ix_oauth_account_oauth_name ON oauth_account (oauth_name);
COMMIT;
