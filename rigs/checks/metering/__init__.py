"""Requirements metering.*: meter values on time, complete, consistent and true."""
