"""What a class has handed in: whose it is, what it is worth, and what that says about the class.

rules.py       what a number earns
matching.py    which file is whose, by the code on it, or by a name
scoring.py     a submission with its points, as plain data
results.py     all of them as JSON and CSV
changes.py     who changes, and why, where a class is marked again
class_page.py  which step fails most, which mistakes, who may need help
collect.py     all of it together
"""
