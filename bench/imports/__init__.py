"""`motorpool bench import`: what a file of rows costs."""
