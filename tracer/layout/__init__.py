"""Math typesetting for paper: from pieces of a formula to glyphs at places, by the font's own measures.

    font.py    the measures of STIX Two Math: widths, extents, taller variants, the OpenType MATH constants
    box.py     boxes, and how two of them stand beside or above each other

`notation/boxes.py` says how each piece of a formula looks in boxes. Lengths are in em.
"""
