"""Trips, stops and events: the pages with the map beside them, and their API."""
