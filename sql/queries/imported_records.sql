-- name: list_defaults
-- The columns of a table that have a default, with the expression.
SELECT attname, pg_get_expr(adbin, adrelid) FROM pg_attrdef
JOIN pg_attribute ON attrelid = adrelid AND attnum = adnum
WHERE adrelid = to_regclass(:table) AND attgenerated = '';

-- name: find_sequence$
-- The sequence that a table's ids come from.
SELECT pg_get_serial_sequence(:table, 'id');

-- name: list_references
-- Which columns of which tables refer to a table.
SELECT conrelid::regclass::text AS table_name, attname AS column_name
FROM pg_constraint JOIN pg_attribute ON attrelid = conrelid AND attnum = conkey[1]
WHERE contype = 'f' AND confrelid = to_regclass(:table) AND cardinality(conkey) = 1
ORDER BY 1, 2;

-- name: list_added
-- The records of a table that an import added.
SELECT record_id FROM audit_log
WHERE request_id = :request_id AND table_name = :table AND action = 'add' ORDER BY record_id;
