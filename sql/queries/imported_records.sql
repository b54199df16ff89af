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

-- name: list_touched
-- The records of a table that an import added or changed.
SELECT record_id FROM audit_log WHERE request_id = :request_id AND table_name = :table ORDER BY record_id;

-- name: list_unique_columns
-- The columns of a table whose values only one record may have, with an expression that nobody else's is.
SELECT attname, coalesce(pg_get_expr(adbin, adrelid), CASE WHEN attnotnull THEN 'chr(1) || kept.id' ELSE 'NULL' END)
FROM pg_attribute LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
WHERE attrelid = to_regclass(:table) AND attnum > 0 AND EXISTS (
    SELECT FROM pg_index
    WHERE indrelid = attrelid AND indisunique AND NOT indisprimary
      AND (attnum = ANY(indkey) OR EXISTS (
          SELECT FROM pg_depend
          WHERE classid = 'pg_class'::regclass AND objid = indexrelid AND refobjid = attrelid AND refobjsubid = attnum)));

-- name: forget_installations!
-- Of the devices that an import moved and nobody after it, none has been where it put them, or was put back to.
DELETE FROM device_installations i USING audit_log l
WHERE l.request_id = :request_id AND l.table_name = 'devices' AND l.action = 'change'
  AND l.before -> 'vehicle_id' IS DISTINCT FROM l.after -> 'vehicle_id'
  AND i.device_id = l.record_id AND (upper_inf(during) OR upper(during) > l.at)
  AND NOT EXISTS (SELECT FROM device_installations later
                  WHERE later.device_id = l.record_id AND lower(later.during) > l.at AND lower(later.during) < now());

-- name: resume_installations!
-- Of the devices that an import moved and nobody after it, each has stayed where it was then.
UPDATE device_installations i SET during = tstzrange(lower(during), NULL)
FROM audit_log l
WHERE l.request_id = :request_id AND l.table_name = 'devices' AND l.action = 'change'
  AND l.before -> 'vehicle_id' IS DISTINCT FROM l.after -> 'vehicle_id'
  AND i.device_id = l.record_id AND upper(during) = l.at
  AND NOT EXISTS (SELECT FROM device_installations later
                  WHERE later.device_id = l.record_id AND lower(later.during) >= l.at);
