"""`motorpool bench batches`: what a message of many positions costs beside as many messages of one."""
