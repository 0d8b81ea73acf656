"""The first page: how the lab is now, which plates fill up, how fast work goes, and what needs somebody."""
