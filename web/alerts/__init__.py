"""Alerts as people meet them: the list, one alert, what can be done with it, the API, and who is told."""
