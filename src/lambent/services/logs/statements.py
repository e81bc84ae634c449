"""Every statement of CloudWatch Logs."""

from importlib.resources import files

from lambent.core.store.api import Schema

SCHEMA = Schema(
    name="logs",
    versions=(files(__package__).joinpath("schema.sql").read_text(),),
)

# Groups

GROUP_COLUMNS = """g.id, g.name, g.created_ms, g.class, g.retention_days, g.kms_key_id,
    g.deletion_protected, g.stored_bytes"""

# A group that is not there yet.
INSERT_GROUP = """INSERT INTO log_groups (partition, account, region, name, created_ms, class,
    kms_key_id, deletion_protected)
    VALUES (:partition, :account, :region, :name, :created_ms, :class, :kms_key_id,
    :deletion_protected)
    ON CONFLICT DO NOTHING"""

# One group by its name.
FIND_GROUP = f"""SELECT {GROUP_COLUMNS} FROM log_groups g
    WHERE g.partition = :partition AND g.account = :account AND g.region = :region
    AND g.name = :name"""

# Groups after a name, in order, all of one class if one is given, whose name begins with a prefix.
# `replace` finds a substring in both engines and, unlike LIKE in SQLite, heeds the case.
LIST_GROUPS = f"""SELECT {GROUP_COLUMNS} FROM log_groups g
    WHERE g.partition = :partition AND g.account = :account AND g.region = :region
    AND g.name > :after
    AND substr(g.name, 1, length(:prefix)) = :prefix
    AND (:substring = '' OR replace(g.name, :substring, '') <> g.name)
    AND (:class = '' OR g.class = :class)
    ORDER BY g.name LIMIT :limit"""

DELETE_GROUP = "DELETE FROM log_groups WHERE id = :group_id"
DELETE_STREAMS_OF_GROUP = "DELETE FROM log_streams WHERE group_id = :group_id"
DELETE_EVENTS_OF_GROUP = "DELETE FROM log_events WHERE group_id = :group_id"
DELETE_TAGS_OF_GROUP = "DELETE FROM log_group_tags WHERE group_id = :group_id"

SET_RETENTION = "UPDATE log_groups SET retention_days = :retention_days WHERE id = :group_id"
SET_KMS_KEY = "UPDATE log_groups SET kms_key_id = :kms_key_id WHERE id = :group_id"
SET_PROTECTION = "UPDATE log_groups SET deletion_protected = :protected WHERE id = :group_id"
ADD_STORED_BYTES = """UPDATE log_groups SET stored_bytes = stored_bytes + :bytes
    WHERE id = :group_id"""

# Groups whose events expire.
LIST_EXPIRING_GROUPS = """SELECT id, retention_days FROM log_groups
    WHERE retention_days IS NOT NULL"""

# Tags

LIST_TAGS = "SELECT key, value FROM log_group_tags WHERE group_id = :group_id ORDER BY key"
SET_TAG = """INSERT INTO log_group_tags (group_id, key, value) VALUES (:group_id, :key, :value)
    ON CONFLICT (group_id, key) DO UPDATE SET value = excluded.value"""
DELETE_TAG = "DELETE FROM log_group_tags WHERE group_id = :group_id AND key = :key"

# Streams

STREAM_COLUMNS = """s.id, s.name, s.created_ms, s.first_event_ms, s.last_event_ms,
    s.last_ingestion_ms"""

# A stream that is not there yet.
INSERT_STREAM = """INSERT INTO log_streams (group_id, name, created_ms)
    VALUES (:group_id, :name, :created_ms) ON CONFLICT DO NOTHING"""

FIND_STREAM = f"""SELECT {STREAM_COLUMNS} FROM log_streams s
    WHERE s.group_id = :group_id AND s.name = :name"""

# Streams by name, from a name on.
LIST_STREAMS = f"""SELECT {STREAM_COLUMNS} FROM log_streams s
    WHERE s.group_id = :group_id AND s.name > :after
    AND substr(s.name, 1, length(:prefix)) = :prefix
    ORDER BY s.name LIMIT :limit"""

# Streams by name, backwards from a name; an empty one means the end.
LIST_STREAMS_DESCENDING = f"""SELECT {STREAM_COLUMNS} FROM log_streams s
    WHERE s.group_id = :group_id AND (:after = '' OR s.name < :after)
    AND substr(s.name, 1, length(:prefix)) = :prefix
    ORDER BY s.name DESC LIMIT :limit"""

# Streams by their last event; those without one count as the oldest.
LIST_STREAMS_BY_TIME = f"""SELECT {STREAM_COLUMNS} FROM log_streams s
    WHERE s.group_id = :group_id
    AND (COALESCE(s.last_event_ms, 0) > :after_ms
        OR (COALESCE(s.last_event_ms, 0) = :after_ms AND s.name > :after))
    ORDER BY COALESCE(s.last_event_ms, 0), s.name LIMIT :limit"""

LIST_STREAMS_BY_TIME_DESCENDING = f"""SELECT {STREAM_COLUMNS} FROM log_streams s
    WHERE s.group_id = :group_id
    AND (COALESCE(s.last_event_ms, 0) < :after_ms
        OR (COALESCE(s.last_event_ms, 0) = :after_ms AND s.name < :after))
    ORDER BY COALESCE(s.last_event_ms, 0) DESC, s.name DESC LIMIT :limit"""

STREAM_NAME = "SELECT name FROM log_streams WHERE id = :stream_id"

# What a stream's newest batch of events changes.
TOUCH_STREAM = """UPDATE log_streams SET
    first_event_ms = CASE WHEN first_event_ms IS NULL OR first_event_ms > :first_ms
        THEN :first_ms ELSE first_event_ms END,
    last_event_ms = CASE WHEN last_event_ms IS NULL OR last_event_ms < :last_ms
        THEN :last_ms ELSE last_event_ms END,
    last_ingestion_ms = :ingestion_ms
    WHERE id = :stream_id"""

DELETE_STREAM = "DELETE FROM log_streams WHERE id = :stream_id"
DELETE_EVENTS_OF_STREAM = "DELETE FROM log_events WHERE stream_id = :stream_id"
BYTES_OF_STREAM = """SELECT COALESCE(SUM(size_bytes), 0) AS bytes FROM log_events
    WHERE stream_id = :stream_id"""

# Events

INSERT_EVENT = """INSERT INTO log_events
    (group_id, stream_id, timestamp_ms, ingestion_ms, size_bytes, message)
    VALUES (:group_id, :stream_id, :timestamp_ms, :ingestion_ms, :size_bytes, :message)"""

# A stream's events after a position, and at or before one.
EVENTS_AFTER = """SELECT id, timestamp_ms, ingestion_ms, size_bytes, message FROM log_events
    WHERE stream_id = :stream_id AND timestamp_ms >= :from_ms AND timestamp_ms < :to_ms
    AND (timestamp_ms > :at_ms OR (timestamp_ms = :at_ms AND id > :at_id))
    ORDER BY timestamp_ms, id LIMIT :limit"""

EVENTS_BEFORE = """SELECT id, timestamp_ms, ingestion_ms, size_bytes, message FROM log_events
    WHERE stream_id = :stream_id AND timestamp_ms >= :from_ms AND timestamp_ms < :to_ms
    AND (timestamp_ms < :at_ms OR (timestamp_ms = :at_ms AND id <= :at_id))
    ORDER BY timestamp_ms DESC, id DESC LIMIT :limit"""

# A group's events from a position on whose message may hold a text (LIKE ignores the case of ASCII
# letters in SQLite, so this is only a first sieve), and the same backwards.
SCAN_GROUP = """SELECT id, stream_id, timestamp_ms, ingestion_ms, size_bytes, message
    FROM log_events
    WHERE group_id = :group_id AND timestamp_ms >= :from_ms AND timestamp_ms <= :to_ms
    AND (timestamp_ms > :from_ms OR id > :at_id)
    AND (:like = '' OR message LIKE :like ESCAPE '\\')
    ORDER BY timestamp_ms, id LIMIT :limit"""

SCAN_GROUP_DESCENDING = """SELECT id, stream_id, timestamp_ms, ingestion_ms, size_bytes, message
    FROM log_events
    WHERE group_id = :group_id AND timestamp_ms >= :from_ms AND timestamp_ms <= :to_ms
    AND (timestamp_ms < :to_ms OR id < :at_id)
    AND (:like = '' OR message LIKE :like ESCAPE '\\')
    ORDER BY timestamp_ms DESC, id DESC LIMIT :limit"""

# The same for one stream, so that a short stream in a long group is found by its own index.
SCAN_STREAM = SCAN_GROUP.replace("group_id = :group_id", "stream_id = :stream_id")
SCAN_STREAM_DESCENDING = SCAN_GROUP_DESCENDING.replace(
    "group_id = :group_id", "stream_id = :stream_id"
)

# The newest event of all, where a live tail begins, and a group's events since.
LAST_EVENT_ID = "SELECT COALESCE(MAX(id), 0) AS id FROM log_events"
EVENTS_SINCE = """SELECT e.id, e.group_id, e.timestamp_ms, e.ingestion_ms, e.message,
    s.name AS stream FROM log_events e JOIN log_streams s ON s.id = e.stream_id
    WHERE e.id > :after_id ORDER BY e.id LIMIT :limit"""

# Some of a group's expired events, and their end.
EXPIRED_EVENTS = """SELECT id, size_bytes FROM log_events
    WHERE group_id = :group_id AND timestamp_ms < :before_ms
    ORDER BY timestamp_ms LIMIT :limit"""
DELETE_EVENT = "DELETE FROM log_events WHERE id = :id"
