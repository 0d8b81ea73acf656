"""OEM side: reads attributes from names and announces contents to the gateway; tells the watcher what ended."""
