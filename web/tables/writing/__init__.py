"""Writers of files of rows and places: rows in, bytes out, in constant memory however many there are."""
