"""Speed, judged here and nowhere else: `make bench`. Ratios are taken side by side in one run."""
