DROP TABLE stored_batches;
