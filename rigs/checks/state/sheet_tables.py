"""What the EVC5 V32R30 sheet says, transcribed for the judge; tables by their numbers on the sheet."""

SHEET = "evc5-v32r30"

# Tables 1, 8 and 12: known to OCPP 1.6 and not supported.
UNSUPPORTED = frozenset(
    {
        *("CancelReservation", "ReserveNow", "CertificateSigned", "DeleteCertificate"),
        *("GetInstalledCertificateIds", "InstallCertificate", "ExtendedTriggerMessage"),
    }
)
# Of those, the messages that edition 2 of OCPP 1.6 itself knows (sections 5.1, 5.13).
OF_EDITION_2 = frozenset({"CancelReservation", "ReserveNow"})

# Table 4: no Reserved, for want of the reservation profile.
STATUSES = frozenset(
    {
        *("Available", "Preparing", "Charging", "SuspendedEVSE", "SuspendedEV", "Finishing"),
        *("Unavailable", "Faulted"),
    }
)
# Table 5: supported.
ERROR_CODES = frozenset(
    {
        *("ConnectorLockFailure", "EVCommunicationError", "GroundFailure", "LocalListConflict", "NoError"),
        *("OtherError", "OverVoltage", "PowerMeterFailure", "ReaderFailure"),
    }
)
# Table 11: supported triggers.
TRIGGERS = frozenset({"BootNotification", "Heartbeat", "StatusNotification", "MeterValues"})

# Sections 3.1.1, 3.1.4, 3.1.5: fields that are never sent.
NEVER_SENT = {
    "BootNotification": ("meterSerialNumber", "meterType"),
    "StartTransaction": ("reservationId",),
    "StatusNotification": ("vendorId",),
}
# Tables 13 and 18: writable by their access, hard-coded in the firmware; a write changes nothing.
HARDCODED = frozenset({"resetretries", "connectorphaserotation", "stoptxnaligneddata"})
# Tables 13, 15, 16: hard-coded values.
VALUES = {
    "getconfigurationmaxkeys": "50",
    "resetretries": "1",
    "supportedfeatureprofiles": "Core,FirmwareManagement,LocalAuthListManagement,SmartCharging,RemoteTrigger",
    "sendlocallistmaxlength": "60",
    "chargingscheduleallowedchargingrateunit": "Current,Power",
}
