r"""How formulas are written: one file a notation, each the same small set of pieces (`show.Notation`).

plain    S[1, 2] = √2/2            the terminal, JSON, text files
latex    S_{12} = \frac{\sqrt{2}}{2}
mathml   what browsers and screen readers know
boxes    glyphs at places for the PDF, where there is no MathML
speech   score of apple with pear equals …: what a screen reader says
"""
