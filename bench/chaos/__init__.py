"""Whether an acknowledged fix is ever lost: numbered fixes go in while everything is killed and cut."""
