"""The Lambda API: functions, versions, aliases, layers, policies, and how they are invoked."""
