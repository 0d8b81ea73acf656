"""Who may call: roles, tokens and keys, without HTTP. `labrelay.http.access` asks at the door."""
