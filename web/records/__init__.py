"""Fleet records: each kind is a declaration in a file of its own; pages and API are made from it."""
