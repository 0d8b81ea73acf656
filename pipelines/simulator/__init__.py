"""AiCSD's four test pipelines, as SDK workers and as a subscriber written the way AiCSD's pipelines are."""
