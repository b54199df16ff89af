"""The scheduler process: detection, notifications, budgets, predictions, upkeep."""
