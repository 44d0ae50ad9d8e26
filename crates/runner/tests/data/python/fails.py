# A handler whose file throws while it is loaded.
raise RuntimeError("not today")
