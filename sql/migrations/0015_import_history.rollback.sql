DROP INDEX audit_log_request;
DROP TABLE imported_positions, import_sources, import_rows, import_pieces, import_history;
