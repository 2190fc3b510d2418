"""Exercises in the world: who sits where, what is kept for how long, who may lead, and what goes out to whom.

    store       the tables of exercises, in a file of their own: nothing of them is ever in the advice log
    seats       rows as they are read
    schema      tables; heard what became of something that came in; hearing what typed words mean
    codes       join codes and display names
    speaking    what is said, as channels take it: every message watermarked
    hall        the only way in for trainees: idempotent, one transaction a turn
    lobby       choosing an exercise, starting, joining
    leading     what a facilitator can do; reflections what trainees write to themselves
    reality     real, or the exercise? presence whose terminal is open
    opening     the file and the exercises that are offered, for a channel that stays open
    sent        an exercise that a trainer sends as a file
    pages       debriefs as pages and as a table
    keeping     what is erased when

Channels show mail and hand on what was typed or tapped; they know nothing of stories.
"""
