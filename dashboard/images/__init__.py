"""The image page: the viewer, what was found, what of it counts, and the images around it on its plate."""
