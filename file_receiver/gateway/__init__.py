"""The gateway's half: inputs arrive over the edge, are verified and stand in the input store."""
