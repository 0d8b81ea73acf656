"""Takes files in: inputs on the gateway (`gateway`), outputs on the instrument's side (`oem`)."""
