-- Lambda: layers and their versions.

-- The number the next version gets; it outlives the versions, whose numbers are never used again.
CREATE TABLE lambda_layers (
    partition TEXT NOT NULL,
    account TEXT NOT NULL,
    region TEXT NOT NULL,
    name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 140),
    next_version INTEGER NOT NULL CHECK (next_version >= 1),
    PRIMARY KEY (partition, account, region, name)
);

-- `runtimes` and `architectures` are JSON lists, or NULL if none was given; `policy` is a JSON
-- list of statements.
CREATE TABLE lambda_layer_versions (
    partition TEXT NOT NULL,
    account TEXT NOT NULL,
    region TEXT NOT NULL,
    name TEXT NOT NULL,
    version INTEGER NOT NULL CHECK (version >= 1),
    digest TEXT NOT NULL CHECK (length(digest) = 64),
    size BIGINT NOT NULL CHECK (size >= 0),
    uncompressed_size BIGINT NOT NULL CHECK (uncompressed_size >= 0),
    created_ms BIGINT NOT NULL,
    description TEXT NOT NULL,
    license TEXT,
    runtimes TEXT,
    architectures TEXT,
    policy TEXT NOT NULL,
    policy_revision TEXT NOT NULL,
    PRIMARY KEY (partition, account, region, name, version)
);
