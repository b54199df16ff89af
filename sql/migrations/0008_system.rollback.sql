DROP INDEX quarantine_reason, audit_log_user;
DROP TABLE feature_flags, job_runs, scheduled_jobs, process_status;
