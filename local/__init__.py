"""What makes one machine enough: embedded services, simulator, replay, demo fleet."""
