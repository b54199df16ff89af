"""`motorpool bench overload`: what happens when three times as much comes as can be stored."""
