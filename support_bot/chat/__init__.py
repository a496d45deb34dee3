"""The conversation: its event log, its turns and its sockets. Reaches business data only through the tools' gateway."""
