"""The business: customers, orders, packages, trucks. It works without the chat and knows nobody above it."""
