"""Models: the packages of this gateway, their cards and checks, and new ones by upload."""
