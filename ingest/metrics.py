"""What the daemon counts, for Prometheus on METRICS_PORT."""

from prometheus_client import Counter, Gauge, Histogram

RECORDS = Counter(
    "motorpool_ingest_records", "Records by what became of them, once committed.", ["source", "outcome"]
)
IGNORED = Counter("motorpool_ingest_ignored", "Messages without a position, by reason.", ["source", "reason"])
QUARANTINED = Counter("motorpool_ingest_quarantined", "Records put aside, by reason.", ["source", "reason"])
WAITING = Gauge("motorpool_ingest_waiting_records", "Records received and not yet committed.")
BEHIND = Gauge("motorpool_ingest_behind_seconds", "How late positions are stored, by fault of ours.")
LAST_COMMIT = Gauge("motorpool_ingest_last_commit_timestamp_seconds", "When a batch was last committed.")
STORE_SECONDS = Histogram("motorpool_ingest_store_seconds", "Time to commit a batch, retries included.")
BATCH_RECORDS = Histogram(
    "motorpool_ingest_batch_records",
    "Records in a batch.",
    buckets=(1, 10, 100, 1_000, 5_000, 10_000, 50_000),
)
DATABASE_ERRORS = Counter("motorpool_ingest_database_errors", "Attempts to commit a batch that failed.")
MQTT_CONNECTED = Gauge("motorpool_ingest_mqtt_connected", "1 while connected and subscribed to the broker.")
MQTT_CONNECTS = Counter("motorpool_ingest_mqtt_connects", "Connections made to the broker.")
SPOOL_HELD = Gauge("motorpool_ingest_spool_held", "Positions from serial ports kept on disk until committed.")
SPOOL_DROPPED = Counter(
    "motorpool_ingest_spool_dropped", "What serial ports said that could not be kept, by reason.", ["reason"]
)
SPOOL_FAILURES = Counter("motorpool_ingest_spool_failures", "Attempts to use the spool's disk that failed.")
SERIAL_OPEN = Gauge("motorpool_ingest_serial_open", "1 while a serial port is open.", ["port"])
