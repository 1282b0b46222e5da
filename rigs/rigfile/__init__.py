"""What a rig file may say: TOML with every key checked before anything is written."""
