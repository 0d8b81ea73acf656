"""The gateway's half: offers sealed outputs to the instrument and takes its receipts."""
