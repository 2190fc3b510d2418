"""Exercises without the world around them: what may follow what, one person's way through, and what it adds up to.

    story       a scenario by id, and every way through it
    knowing     what somebody who asks well can know where
    run         where one person is in it: frozen, numbered, without clock, names or words
    moves       what happens to somebody; recorded moves as text, to go through a run again
    asking      what is open: questions, options, what one waits for
    play        the engine: event -> what is said and where the person is then
    guide       the live guidance inside an exercise
    finding     typed questions -> facts
    debrief     what one way adds up to
    group       what many ways add up to: counts, never names
    twee*       to and from Twine
    picture     a scenario as DOT or Mermaid

Pure, as the engine of live guidance is: no clock, no database, no chance.
"""
