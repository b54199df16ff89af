DROP VIEW alert_board;
DROP TABLE escalations, alert_steps, alert_events, alerts, alert_storms;
DROP FUNCTION notify_alert_changed, wait_for_next_level;
