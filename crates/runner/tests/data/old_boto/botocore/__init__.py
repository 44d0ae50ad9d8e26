# The package botocore.
