"""`motorpool bench latency`: how long a fix takes from its publication to its commit."""
