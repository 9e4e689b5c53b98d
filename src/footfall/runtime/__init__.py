"""What every station stands on: Java, jars, the platform's own processes, and which services `up` was asked for."""
