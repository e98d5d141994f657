"""A class: a problem, a sheet and a key for everybody on a roster, in a folder that can be taken up again at any time.

spec.py         what the class is set; spec_file.py reads it
roster.py       who is in it
students.py     who gets which seed, code and file name
making.py       what a student gets: problem, sheet and key
engines/        where that is made: processes of this machine, or an engine that runs elsewhere
folder.py       files that are whole or not there; one run at a time
manifest.py     what was made, with seeds, versions and digests
binding.py      all sheets in one PDF for printing
overview.py     the index
handing_out.py  all of it together
"""
