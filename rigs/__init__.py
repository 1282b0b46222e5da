"""The bench around the device: rig files, assembly, embedded CSMS, recorder, judge, report, command line."""
