"""The instrument's half: pulls outputs, publishes them beside the images, sends receipts. Base install only."""
