DROP TABLE broker_sessions;
DROP FUNCTION identify_database();
