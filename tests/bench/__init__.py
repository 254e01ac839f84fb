"""`nox -s bench`: how fast is SCNet here, beside its published form and beside its peers?"""
