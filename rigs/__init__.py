"""The bench around the device: rig files, assembly, embedded CSMS, recorder, checks, report, command line."""
