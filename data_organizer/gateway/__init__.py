"""The gateway's half: images pushed over HTTP become captures like those that an instrument's side finds."""
