"""The page of the HTTP API: every call that somebody outside may make, read from the services' own descriptions."""
