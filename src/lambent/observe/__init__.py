"""What happened: log lines, REPORT, metrics, traces and metering, off the response path."""
