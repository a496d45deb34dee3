"""What the model may do, and who agreed to it. Knows `tracking`; never a chat, a socket or a model."""
