DROP TABLE broker_sessions;
