"""Server: settings, urls, wsgi, health. The one place that knows every room."""
