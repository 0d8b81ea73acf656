"""Jobs: the list with its filter and its saved views, and the page of one job."""
