"""Two recordings of one rig side by side: what differs, as text and as a figure."""
