"""The task launcher: tasks and selectors, launches, claims, callbacks, deadlines, and the sealing of outputs.

The flow of one job: `launching` puts it on its pipeline's carrier when the window has room, a worker takes it by
`claims`, reports to the job repository and posts its end to `callbacks`, `sealing` copies the outputs out of the
private folder. `deadlines` watches all of it. Every step is asked of the job repository; nothing is kept here.
"""
