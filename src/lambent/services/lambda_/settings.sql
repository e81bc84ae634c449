-- Lambda: what is set for functions beside their configuration. `qualifier` is '$LATEST' for a
-- function itself, else a version or an alias.

CREATE TABLE lambda_policies (
    function_id TEXT NOT NULL,
    qualifier TEXT NOT NULL,
    document TEXT NOT NULL,
    PRIMARY KEY (function_id, qualifier)
);

CREATE TABLE lambda_provisioned (
    function_id TEXT NOT NULL,
    qualifier TEXT NOT NULL CHECK (qualifier <> '$LATEST'),
    requested INTEGER NOT NULL CHECK (requested >= 1),
    modified_ms BIGINT NOT NULL,
    PRIMARY KEY (function_id, qualifier)
);

CREATE TABLE lambda_runtime_management (
    function_id TEXT NOT NULL,
    qualifier TEXT NOT NULL,
    update_on TEXT NOT NULL CHECK (update_on IN ('Auto', 'Manual', 'FunctionUpdate')),
    runtime_version_arn TEXT,
    PRIMARY KEY (function_id, qualifier)
);

-- `publishers` is a JSON list of ARNs, `tags` a JSON object.
CREATE TABLE lambda_code_signing_configs (
    arn TEXT PRIMARY KEY,
    publishers TEXT NOT NULL,
    untrusted TEXT NOT NULL CHECK (untrusted IN ('Warn', 'Enforce')),
    description TEXT NOT NULL,
    modified_ms BIGINT NOT NULL,
    tags TEXT NOT NULL
);
