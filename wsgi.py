"""The service for any WSGI server: `gunicorn wsgi:app`."""

from labelsvc.app import create_app

app = create_app()
