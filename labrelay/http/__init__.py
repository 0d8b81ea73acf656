"""HTTP kit: one app factory, problem documents, a client that keeps its patience, several apps in one process."""

from labrelay.http.app import create_app
from labrelay.http.client import Client
from labrelay.http.digests import content_digest, parse_content_digest
from labrelay.http.server import Listener, serve_all
from labrelay.http.threads import OwnThreads

__all__ = ["Client", "Listener", "OwnThreads", "content_digest", "create_app", "parse_content_digest", "serve_all"]
