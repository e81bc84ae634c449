-- CloudWatch Logs: groups, streams and events.

CREATE TABLE log_groups (
    id INTEGER PRIMARY KEY,
    partition TEXT NOT NULL,
    account TEXT NOT NULL,
    region TEXT NOT NULL,
    name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 512),
    created_ms INTEGER NOT NULL,
    class TEXT NOT NULL,
    retention_days INTEGER CHECK (retention_days > 0),
    kms_key_id TEXT,
    deletion_protected INTEGER NOT NULL CHECK (deletion_protected IN (0, 1)),
    stored_bytes INTEGER NOT NULL DEFAULT 0 CHECK (stored_bytes >= 0),
    UNIQUE (partition, account, region, name)
);

CREATE TABLE log_group_tags (
    group_id INTEGER NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (group_id, key)
);

CREATE TABLE log_streams (
    id INTEGER PRIMARY KEY,
    group_id INTEGER NOT NULL,
    name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 512),
    created_ms INTEGER NOT NULL,
    first_event_ms INTEGER,
    last_event_ms INTEGER CHECK (last_event_ms >= first_event_ms),
    last_ingestion_ms INTEGER,
    UNIQUE (group_id, name)
);

-- `id` rises with ingestion: it orders events of one millisecond, and finds what is new.
CREATE TABLE log_events (
    id INTEGER PRIMARY KEY,
    group_id INTEGER NOT NULL,
    stream_id INTEGER NOT NULL,
    timestamp_ms INTEGER NOT NULL,
    ingestion_ms INTEGER NOT NULL,
    size_bytes INTEGER NOT NULL,
    message TEXT NOT NULL
);

CREATE INDEX log_events_of_group ON log_events (group_id, timestamp_ms, id);
CREATE INDEX log_events_of_stream ON log_events (stream_id, timestamp_ms, id);
