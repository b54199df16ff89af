"""Files of rows: what kind of file it is, and its rows, one by one; knows nothing of what they mean."""
