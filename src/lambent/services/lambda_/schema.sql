-- Lambda: functions, their versions, aliases and tags.

CREATE TABLE lambda_functions (
    id TEXT PRIMARY KEY,
    partition TEXT NOT NULL,
    account TEXT NOT NULL,
    region TEXT NOT NULL,
    name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 64),
    next_version INTEGER NOT NULL CHECK (next_version >= 1),
    reserved_concurrency INTEGER CHECK (reserved_concurrency >= 0),
    recursive_loop TEXT NOT NULL CHECK (recursive_loop IN ('Terminate', 'Allow')),
    code_signing_config_arn TEXT,
    UNIQUE (partition, account, region, name)
);

-- `content` and `serving` are JSON documents of records.Content; `serving` is there only while the
-- last update is not (or was never) done.
CREATE TABLE lambda_versions (
    function_id TEXT NOT NULL,
    version TEXT NOT NULL,
    revision_id TEXT NOT NULL,
    modified_ms BIGINT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('Pending', 'Active', 'Failed')),
    state_reason TEXT,
    state_reason_code TEXT,
    last_update TEXT CHECK (last_update IN ('InProgress', 'Successful', 'Failed')),
    last_update_reason TEXT,
    last_update_reason_code TEXT,
    published_from TEXT,
    content TEXT NOT NULL,
    serving TEXT,
    PRIMARY KEY (function_id, version)
);

-- `weights` is a JSON object of at most one version and its share.
CREATE TABLE lambda_aliases (
    function_id TEXT NOT NULL,
    name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 128),
    version TEXT NOT NULL,
    description TEXT NOT NULL,
    revision_id TEXT NOT NULL,
    weights TEXT NOT NULL,
    PRIMARY KEY (function_id, name)
);

CREATE TABLE lambda_tags (
    function_id TEXT NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (function_id, key)
);
