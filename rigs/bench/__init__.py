"""One charge point in virtual time with all that belongs to it: under a user's hands, or playing a rig
file's script.
"""
