"""The CVAT REST API: one module per resource. It translates and asks; the verbs live in the rooms below.

Routes carry no trailing slash (the server's middleware removes it). Start at base.py.
"""
