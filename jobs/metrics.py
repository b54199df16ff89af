"""What the scheduler counts, for Prometheus on the port after METRICS_PORT."""

from prometheus_client import Counter, Gauge, Histogram

RUNS = Counter("motorpool_job_runs", "Runs of a job that began.", ["job"])
FAILURES = Counter("motorpool_job_failures", "Runs of a job that failed.", ["job"])
SECONDS = Histogram(
    "motorpool_job_seconds", "Time a run of a job took.", ["job"], buckets=(0.01, 0.1, 1, 10, 60, 600)
)
LAST_SUCCESS = Gauge("motorpool_job_last_success_timestamp_seconds", "When a job last succeeded.", ["job"])
LOCK_HELD = Gauge("motorpool_jobs_lock_held", "1 in the process that runs the jobs, 0 in one that stands by.")
YESTERDAY_RECORDS = Gauge(
    "motorpool_yesterday_records", "Records of all devices yesterday, by what became of them.", ["outcome"]
)
YESTERDAY_GAPS = Gauge("motorpool_yesterday_gaps", "Gaps in all devices' fixes yesterday.")
YESTERDAY_MISSING = Gauge("motorpool_yesterday_missing_fixes", "Fixes that those gaps would have held.")
YESTERDAY_SILENT = Gauge("motorpool_yesterday_silent_devices", "Devices that sent nothing yesterday.")
DETECTION_SECONDS = Histogram(
    "motorpool_detection_seconds",
    "Time of a turn in which detection looked at devices.",
    buckets=(0.01, 0.03, 0.1, 0.3, 1, 3, 10),
)
DETECTION_DEVICES = Counter("motorpool_detection_devices", "Devices looked at, each time that they were.")
DETECTION_FAILURES = Counter(
    "motorpool_detection_failures", "Turns of detection that failed by a fault of its own."
)
DETECTION_DUE = Gauge("motorpool_detection_due", "Devices that wait for detection.")
