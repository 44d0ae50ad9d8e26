# A handler with a mistake of syntax.
def handler(event, context)
    pass
