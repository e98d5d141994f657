"""What pages are composed of, one part a file: the given, the conventions, a step worked, the meaning, the checks."""
