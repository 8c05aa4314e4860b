"""A whole AWS on this machine: moto's server, four accounts, TLS, and patches for what this estate depends on.

python -m local_aws start|stop|status. See docs/embedded-aws.md.
"""
