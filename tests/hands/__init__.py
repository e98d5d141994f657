"""People who work attention by hand, simulated: the oracle for `tracer.check`. Nothing of tracer is imported here.

    problems.draw(rng)               a problem, as the dictionary that a problem file is
    work.Work(problem, person)       all steps of the pass, each cell from the numbers that the person looks at
    person.Hand                      somebody who rounds, writes, leaves out, and now and then errs
    mistakes.MISTAKES                what can go wrong in a step, one re-implementation each
    bounds.Bounds                    what honest rounding could have given, from the numbers that are written
    cases.honest / mistaken / slip   a worked case with the truth about it

Numbers are decimals with 60 digits; a span is all numbers between two of them.
"""
