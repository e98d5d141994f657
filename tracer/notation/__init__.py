r"""How formulas are written: one file a notation, each the same small set of pieces (`show.Notation`).

plain    S[1, 2] = √2/2            the terminal, JSON, text files
latex    S_{12} = \frac{\sqrt{2}}{2}
mathml   what browsers and screen readers know
css      HTML boxes for the PDF, where there is no MathML
"""
