"""`motorpool bench growth`: whether the daemon keeps its pace while the table grows."""
