"""The instrument's half: pushes the inputs that the gateway wants. Needs the base install only."""
