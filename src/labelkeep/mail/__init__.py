"""Letters by e-mail: what they say (letters.py), the server that takes them (server.py), and their sending by workers
(sending.py). Rooms below hand them in through accounts/post.py.
"""
