"""The Flask and Flask-SocketIO app: pages, API, live map."""
